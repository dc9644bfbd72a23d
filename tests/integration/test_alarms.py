# SPDX-License-Identifier: GPL-3.0-or-later
"""Every alarm rings: what playbooks/provision.yml made, real events of real runs, and the queue behind the topic.

Logs and all else are moto's, CloudWatch, SNS and SQS are LocalStack's. Between the two stands only the matcher of
tests/support, which publishes what the filters in the log group say of the events in it. The days follow each other
as fixtures, so that the tests may run in any order.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from audited import Audited
from by_hand import put
from cycle import is_due
from drift import change_by_hand
from faulty_proxy import SILENCE, Fault, FaultyProxy
from filter_pattern import metric_data
from localstack import ACCOUNT, LocalStack, needs_localstack
from managed import ManagedClient, playbook
from playbook_runs import said
from stock_collections import needs_collections
from world.aws import REGION, SECRET_KEY, AwsEmulator
from world.certificates import Authority
from world.databases import DatabaseServer

pytestmark = [pytest.mark.slow, needs_collections, needs_localstack]

TRAIL = "/cloudtrail/alarms"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dba"
HEARTBEAT_HOURS = 3
# Less than AWS is given to answer, before it is asked again.
SLOW_SECONDS = 8
NOBODYS_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:nobody"
DEFINITION = (
    *("AlarmName", "AlarmDescription", "AlarmActions", "OKActions", "Namespace", "MetricName", "Statistic", "Period"),
    *("EvaluationPeriods", "Threshold", "ComparisonOperator", "TreatMissingData"),
)
TROUBLE = ["failed", "locked-out", "overdue", "unfinished", "slow", "notices-failed", "stranger"]
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

    def judged(self, name: str) -> dict[str, Any]:
        """Have an alarm judged now, by putting it as it is, and give the message that came of it."""
        self.arrived()
        full = f"dbops-rotation-{name}"
        (alarm,) = self.cloudwatch.describe_alarms(AlarmNames=[full])["MetricAlarms"]
        self.cloudwatch.put_metric_alarm(**{key: alarm[key] for key in DEFINITION})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for message in self.arrived():
                if message["AlarmName"] == full:
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


@pytest.fixture(scope="module")
def watched(aws: AwsEmulator, workspace: Path) -> Iterator[Watched]:
    alarms = LocalStack(workspace / "localstack")
    folder = workspace / "alarms"
    folder.mkdir()
    try:
        alarms.start()
        found = Watched(aws, alarms, folder)
        found.provision()
        yield found
    finally:
        alarms.stop()


@pytest.fixture(scope="module")
def make(aws: AwsEmulator, authority: Authority, mysql_server: DatabaseServer) -> Callable[[str], ManagedClient]:
    """Return a client that was rotated long enough ago, for the whole file."""

    def client(name: str) -> ManagedClient:
        made = ManagedClient(
            mysql_server, aws, user=f"alarm_{name}", password=f"Old-{name}-1", ca_file=authority.ca_file
        )
        made.create().rotate()
        return made

    return client


@pytest.fixture(scope="module")
def silence(watched: Watched) -> list[dict[str, Any]]:
    """What was told of the heartbeat before any sign of life, and after one that came too long ago."""
    first = watched.judged("heartbeat")
    beat = {"kind": "run", "playbook": "rotate_due", "check": False}
    watched.publish(watched.audited.group, beat, Heartbeat=10 / 24)
    return [first, watched.judged("heartbeat")]


@pytest.fixture(scope="module")
def quiet(
    watched: Watched, make: Callable[[str], ManagedClient], silence: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The events of a day without trouble: a scheduled run, a rotation, and a read by one of our roles."""
    client = make("quiet")
    for name, *more in (("playbooks/rotate_due.yml",), ("rotate.yml", "-e", "rotation_force=true")):
        run = watched.audited.run(name, [client], *more)
        assert run.returncode == 0, said(run)
    issuer = {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/dbops-rotation-rotator"}}
    ours = {**READ_BY_A_ROLE["userIdentity"], "sessionContext": issuer}  # type: ignore[dict-item]
    watched.publish(TRAIL, {**READ_BY_A_ROLE, "userIdentity": ours})
    # One run that found nothing makes a day one without a finding: it must not be the day of the trouble.
    return watched.count(Unfinished=3)


@pytest.fixture(scope="module")
def calm(watched: Watched, quiet: list[dict[str, Any]]) -> dict[str, str]:
    """The state of every alarm after the day without trouble."""
    return {name: watched.state(name) for name in ["heartbeat", *TROUBLE]}


@pytest.fixture(scope="module")
def trouble(watched: Watched, make: Callable[[str], ManagedClient], calm: dict[str, str]) -> list[dict[str, Any]]:
    """The events of a day with every trouble, and of the same findings a day before."""
    late, pending, lost, slow = (make(name) for name in ("late", "pending", "lost", "slow"))
    is_due(late, days=-3)
    put(pending, "AWSPENDING", json.dumps(pending.document(password="Never-Used-1")))
    change_by_hand(lost)
    is_due(lost)
    unheard = ("-e", f"rotation_topic_arn={NOBODYS_TOPIC}")
    run = watched.audited.run("playbooks/rotate_due.yml", [late, pending, lost], *unheard)
    assert run.returncode == 2, said(run)
    unanswered = Fault("DescribeSecret", SILENCE, times=1)
    with FaultyProxy(slow.aws.endpoint_url) as proxy, proxy.faulty(slow.secret_id, unanswered):
        slowly = ("-e", f"rotation_force=true rotation_endpoint_url={proxy.endpoint_url}")
        run = watched.audited.run("rotate.yml", [slow], *slowly)
    assert run.returncode == 0, said(run)
    events = watched.count()
    (scheduled,) = [event for event in events if event["kind"] == "run" and event["playbook"] == "rotate_due"]
    watched.publish(watched.audited.group, scheduled, Unfinished=1)
    watched.publish(TRAIL, READ_BY_A_ROLE)
    return events


def test_no_sign_of_life_for_too_long_rings(silence: list[dict[str, Any]]) -> None:
    assert [message["NewStateValue"] for message in silence] == ["ALARM", "ALARM"]
    assert "missing" in silence[0]["NewStateReason"]


def test_a_day_without_trouble_ends_the_heartbeats_alarm_and_rings_no_other(
    quiet: list[dict[str, Any]], calm: dict[str, str]
) -> None:
    assert [event["kind"] for event in quiet].count("run") == 2
    assert calm == dict.fromkeys(["heartbeat", *TROUBLE], "OK")


def test_there_is_no_alarm_that_is_not_tried_here(watched: Watched) -> None:
    alarms = watched.cloudwatch.describe_alarms(AlarmNamePrefix="dbops-rotation-")["MetricAlarms"]
    assert {alarm["AlarmName"].removeprefix("dbops-rotation-") for alarm in alarms} == {"heartbeat", *TROUBLE}


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_rings(name: str, watched: Watched, trouble: list[dict[str, Any]]) -> None:
    assert trouble
    message = watched.judged(name)
    assert message["NewStateValue"] == "ALARM", message
    assert message["AlarmDescription"]
