# SPDX-License-Identifier: GPL-3.0-or-later
"""An account that playbooks/provision.yml has provisioned, with an AWS that evaluates its alarms.

Logs and all else are moto's, CloudWatch, SNS and SQS are LocalStack's. Between the two stands only the matcher of
tests/support, which publishes what the filters in the log group say of the events in it.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from audited import Audited
from filter_pattern import metric_data
from localstack import ACCOUNT, LocalStack
from managed import playbook
from world.aws import REGION, SECRET_KEY, AwsEmulator

TRAIL = "/cloudtrail/alarms"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dba"
HEARTBEAT_HOURS = 3
# Less than AWS is given to answer, before it is asked again.
SLOW_SECONDS = 8
DEFINITION = (
    *("AlarmName", "AlarmDescription", "AlarmActions", "OKActions", "Namespace", "MetricName", "Statistic", "Period"),
    *("EvaluationPeriods", "Threshold", "ComparisonOperator", "TreatMissingData"),
)
# What CloudTrail records of GetSecretValue by a role, in the form that its user guide gives.
READ_BY_A_ROLE = {
    "eventVersion": "1.08",
    "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:mallory",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/mallory",
        "accountId": ACCOUNT,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": f"arn:aws:iam::{ACCOUNT}:role/admin",
                "accountId": ACCOUNT,
                "userName": "admin",
            },
            "attributes": {"creationDate": "2026-11-01T03:00:00Z", "mfaAuthenticated": "false"},
        },
    },
    "eventTime": "2026-11-01T03:00:01Z",
    "eventSource": "secretsmanager.amazonaws.com",
    "eventName": "GetSecretValue",
    "awsRegion": REGION,
    "requestParameters": {
        "secretId": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:clients/client_acme/mysql/root-AbCdEf",
        "versionStage": "AWSCURRENT",
    },
    "responseElements": None,
    "readOnly": True,
    "eventType": "AwsApiCall",
    "managementEvent": True,
}


class Watched:
    """An account that was provisioned, its alarms, and the queue of those who are woken."""

    def __init__(self, aws: AwsEmulator, alarms: LocalStack, folder: Path) -> None:
        self.audited = Audited(aws, folder, "/dbops/rotation")
        self.alarms = alarms
        self.cloudwatch, self.sqs = alarms.client("cloudwatch"), alarms.client("sqs")
        self.queue: str = self.sqs.create_queue(QueueName="dba")["QueueUrl"]
        self.seen: set[str] = set()
        self.audited.logs.create_log_group(logGroupName=TRAIL)

    def provision(self) -> None:
        """Make everything with the playbook, each service where it is played."""
        given = {
            "region": REGION,
            "access_key": ACCOUNT,
            "secret_key": SECRET_KEY,
            "duties": [],
            "subscriptions": [{"protocol": "sqs", "endpoint": QUEUE}],
            "trail_log_group": TRAIL,
            "heartbeat_hours": HEARTBEAT_HOURS,
            "slow_seconds": SLOW_SECONDS,
            "dashboard": {},  # the emulator that evaluates alarms answers for a missing one in another way than AWS
        }
        endpoints = {f"AWS_ENDPOINT_URL_{name}": self.alarms.endpoint_url for name in ("CLOUDWATCH", "SNS", "SQS")}
        quiet = {"ANSIBLE_DEPRECATION_WARNINGS": "False", "AWS_ENDPOINT_URL": self.audited.aws.endpoint_url}
        variables = json.dumps({f"rotation_provision_{name}": value for name, value in given.items()})
        # Some thirty modules, one after the other.
        run = playbook("playbooks/provision.yml", "-e", variables, environment={**endpoints, **quiet}, timeout=600)
        assert run.returncode == 0, run.stdout + run.stderr

    def count(self, **days_ago: float) -> list[dict[str, Any]]:
        """Publish what the filters make of the events that came since the last time; give these events."""
        new = [event for event in self.audited.shipped() if event["id"] not in self.seen]
        self.seen |= {event["id"] for event in new}
        for event in new:
            self.publish(self.audited.group, event, **days_ago)
        return new

    def publish(self, group: str, event: dict[str, Any], **days_ago: float) -> None:
        """Publish what the filters of a log group make of one event; of the metrics named, as if it had come then."""
        for found in self.audited.logs.describe_metric_filters(logGroupName=group)["metricFilters"]:
            for data in metric_data(found, event):
                (datum,) = data["MetricData"]
                at = datetime.now(UTC) - timedelta(days=days_ago.get(datum["MetricName"], 0))
                stamped = {**datum, "Timestamp": at}
                self.cloudwatch.put_metric_data(Namespace=data["Namespace"], MetricData=[stamped])

    def judged(self, name: str, awaited: str = "") -> dict[str, Any]:
        """Have an alarm judged now, by putting it as it is, and give the message that came of it, or the one awaited.

        Again and again, for the emulator does not see at once what was published, and judges once in a period.
        """
        self.arrived()
        full = f"dbops-rotation-{name}"
        (alarm,) = self.cloudwatch.describe_alarms(AlarmNames=[full])["MetricAlarms"]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self.cloudwatch.put_metric_alarm(**{key: alarm[key] for key in DEFINITION})
            for message in self.arrived():
                if message["AlarmName"] == full and awaited in ("", message["NewStateValue"]):
                    return message
        raise AssertionError(f"nobody was told of {full}")

    def state(self, name: str) -> str:
        """The new state of which the queue was told."""
        return str(self.judged(name)["NewStateValue"])

    def arrived(self) -> list[dict[str, Any]]:
        """Take what has come to the queue."""
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        found = answer.get("Messages", [])
        for message in found:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found]
