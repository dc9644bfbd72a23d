# SPDX-License-Identifier: GPL-3.0-or-later
"""An account to which playbooks/provision_lambda.yml deploys the functions, on an emulator that runs and judges them.

What provision.yml makes is made here in short, with the encryption that it gives to topic and secrets.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from estate import Estate, Mailbox
from managed import ManagedClient, playbook
from ministack import ACCOUNT, Ministack
from world.aws import REGION

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import GRANTS, Grant
from ansible_collections.dbops.rotation.plugins.module_utils._iam.policies import Document, Scope, policy

ROOT = Path(__file__).resolve().parents[2]
# The emulator runs the handlers with its own interpreter, which is that of the tests.
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
NAME, GROUP, SETTINGS = "dbops-rotation", "/dbops/rotation", "/dbops/rotation/settings"
CLIENT_ROLE, ROLE_OF_ALL = "dbops-client", "dbops-fleet"
LONG_AGO = {tags.CYCLE_DAYS: "40", tags.LAST: "2026-01-01T00:00:00Z", tags.DUE: "2026-02-10T00:00:00Z"}
Run = subprocess.CompletedProcess[str]


def build(to: Path) -> Path:
    """Build the package for the interpreter of the tests."""
    command = [sys.executable, str(ROOT / "tools/lambda_package.py"), "--python", HERE, "--to", str(to)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    (package,) = to.glob("dbops-rotation-lambda-*-x86_64.zip")
    return package


def changes(run: Run) -> int:
    """Return how many tasks changed something."""
    found = re.search(r"changed=(\d+)", run.stdout)
    assert found, run.stdout
    return int(found.group(1))


class Deployment(Estate):
    """The account, and who deploys in it."""

    def __init__(self, aws: Ministack, folder: Path) -> None:
        super().__init__(aws, folder)
        self.package = build(folder)
        kms, sns = aws.client("kms"), aws.client("sns")
        self.key = kms.create_key()["KeyMetadata"]["Arn"]
        self.topic = sns.create_topic(Name=NAME, Attributes={"KmsMasterKeyId": self.key})["TopicArn"]
        aws.client("logs").create_log_group(logGroupName=GROUP)
        stored = {"rotation_topic_arn": self.topic, "rotation_kms_key_id": self.key, "rotation_log_group": GROUP}
        aws.client("ssm").put_parameter(Name=SETTINGS, Type="String", Value=json.dumps(stored))
        self.mailbox = Mailbox(self, ACCOUNT)
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=self.mailbox.arn)
        self.client_role, self.role_of_all = (self._role(name) for name in (CLIENT_ROLE, ROLE_OF_ALL))
        self.fleet_role: str | None = None  # which the policies name now

    def _role(self, name: str) -> str:
        """Make a role that may do anything, and return its ARN."""
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        iam = self.aws.client("iam")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
        iam.put_role_policy(RoleName=name, PolicyName="anything", PolicyDocument=_document(anything))
        return str(made["Role"]["Arn"])

    def deploy(self, *options: str, status: int = 0, **given: Any) -> Run:
        """Run the playbook as the account itself."""
        variables = {
            "rotation_functions_region": REGION,
            "rotation_functions_endpoint_url": self.aws.endpoint_url,
            "rotation_functions_package": str(self.package),
            "rotation_functions_access_key": ACCOUNT,
            "rotation_functions_secret_key": "test",
            "rotation_functions_environment": self.places,
            "rotation_functions_client_roles": [self.client_role],
            **given,
        }
        arguments = ("-e", json.dumps(variables), *options)
        run = playbook("playbooks/provision_lambda.yml", *arguments, environment=self.environment, timeout=600)
        assert run.returncode == status, run.stdout + run.stderr
        assert "WARNING" not in run.stderr, run.stderr
        return run

    @property
    def places(self) -> dict[str, str]:
        """Where AWS and the certificates are, for the functions."""
        ca_file = self.environment["AWS_CA_BUNDLE"]
        return {
            "AWS_ENDPOINT_URL": self.aws.endpoint_url,
            "AWS_CA_BUNDLE": ca_file,
            "ROTATION_TLS_CA_FILE": ca_file,
            "ROTATION_WRITE_SHARE": "0",
        }

    def made(self) -> dict[str, list[str]]:
        """The names of everything that the playbook may make."""
        call = self.aws.client
        found = {
            "function": [one["FunctionName"] for one in call("lambda").list_functions()["Functions"]],
            "mapping": [one["UUID"] for one in call("lambda").list_event_source_mappings()["EventSourceMappings"]],
            "queue": call("sqs").list_queues(QueueNamePrefix=NAME).get("QueueUrls", []),
            "bus": [one["Name"] for one in call("events").list_event_buses()["EventBuses"] if one["Name"] != "default"],
            "schedule": [one["Name"] for one in call("scheduler").list_schedules()["Schedules"]],
            "role": [one["RoleName"] for one in call("iam").list_roles()["Roles"] if one["RoleName"].startswith(NAME)],
            "alarm": [one["AlarmName"] for one in call("cloudwatch").describe_alarms()["MetricAlarms"]],
            "bucket": [one["Name"] for one in call("s3").list_buckets()["Buckets"]],
            "log group": [one["logGroupName"] for one in call("logs").describe_log_groups()["logGroups"]],
            "stack": [one["StackName"] for one in call("cloudformation").describe_stacks()["Stacks"]],
        }
        return {kind: sorted(names) for kind, names in found.items() if names}

    def manage(self, client: ManagedClient, **given: str) -> ManagedClient:
        """Keep the secret of an account of a server here, and let the functions have it."""
        written = {tags.CLIENT: client.name, tags.RUNNER: "lambda", **given}
        self.aws.client("secretsmanager").create_secret(
            Name=client.secret_id,
            SecretString=json.dumps(client.document()),
            KmsKeyId=self.key,
            Tags=[{"Key": key, "Value": text} for key, text in written.items()],
        )
        return replace(client, aws=cast(Any, self.aws))

    def password(self, client: ManagedClient) -> str:
        """The password that is stored now."""
        return str(self.stored(ACCOUNT, client)["password"])

    def tags(self, client: ManagedClient) -> dict[str, str]:
        """The tags of a secret."""
        told = self.aws.client("secretsmanager").describe_secret(SecretId=client.secret_id)
        return {tag["Key"]: tag["Value"] for tag in told["Tags"]}

    def forget(self, client: ManagedClient) -> None:
        """Delete a secret for good."""
        self.aws.client("secretsmanager").delete_secret(SecretId=client.secret_id, ForceDeleteWithoutRecovery=True)

    def put_event(self, wish: str, **detail: Any) -> None:
        """Put an event on the bus."""
        entry = {"EventBusName": NAME, "Source": "dbops.rotation", "DetailType": wish}
        text = json.dumps({"schema": 1, "reason": "leaked in a ticket", **detail})
        answer = self.aws.client("events").put_events(Entries=[{**entry, "Detail": text, "Time": datetime.now(UTC)}])
        assert answer["FailedEntryCount"] == 0

    def queue(self, name: str) -> str:
        """The URL of a queue."""
        url: str = self.aws.client("sqs").get_queue_url(QueueName=f"{NAME}-{name}")["QueueUrl"]
        return url

    def waiting(self, name: str) -> int:
        """How many messages a queue has, those at work too."""
        kinds = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.aws.client("sqs").get_queue_attributes(QueueUrl=self.queue(name), AttributeNames=kinds)
        return sum(int(number) for number in answer["Attributes"].values())

    def events(self, playbook_name: str) -> list[dict[str, Any]]:
        """The events that a function has left in the log group of the audit trail."""
        found = self.aws.client("logs").filter_log_events(logGroupName=GROUP)["events"]
        lines = [json.loads(one["message"]) for one in found if one["message"].startswith('{"')]
        return [line for line in lines if line.get("playbook") == playbook_name]

    def policy(self, duty: str) -> Document:
        """The policy of a duty, as the filter gives it for this account."""
        return policy(
            duty,
            Scope(
                ACCOUNT,
                REGION,
                key_arn=self.key,
                topic_arn=self.topic,
                log_group=GROUP,
                client_roles=(self.client_role,),
                fleet_role=self.fleet_role,
                function_parameters=("/dbops/rotation/functions", "/dbops/rotation/clients/*"),
            ),
        )

    @contextmanager
    def without(self, duty: str, grant: Grant) -> Iterator[None]:
        """Take one action away from the role of a function meanwhile."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(GRANTS, duty, tuple(one for one in GRANTS[duty] if one != grant))
            self._keep(duty)
        yield
        self._keep(duty)

    def _keep(self, duty: str) -> None:
        names = {"RoleName": f"{NAME}-{duty}", "PolicyName": duty}
        self.aws.client("iam").put_role_policy(**names, PolicyDocument=json.dumps(self.policy(duty)))

    @contextmanager
    def named_in_policies(self, duty: str, fleet_role: str) -> Iterator[None]:
        """Let the policies name a role of all clients meanwhile, that of a function's role too."""
        self.fleet_role = fleet_role
        self._keep(duty)
        yield
        self.fleet_role = None
        self._keep(duty)

    def call(self, function: str, event: Any) -> str:
        """Call a function, and return what it says to have gone wrong."""
        called = {"FunctionName": f"{NAME}-{function}", "Payload": json.dumps(event)}
        answer = self.aws.client("lambda").invoke(**called, LogType="Tail")
        raised = json.loads(answer["Payload"].read()) or {}
        lines = base64.b64decode(answer.get("LogResult", "")).decode().splitlines()
        wrong = ('"outcome":"failed"', '"outcome":"refused"')
        told = [line for line in lines if line.startswith("warning:") or any(one in line for one in wrong)]
        return "\n".join([str(raised.get("errorMessage", "")), *told]).strip()

    def succeed(self, function: str, event: Any) -> None:
        """Call a function, which has to succeed."""
        told = self.call(function, event)
        assert told == "", told


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def until(true: Callable[[], Any], *, seconds: float = 60) -> Any:
    """Wait until something is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < end:
        time.sleep(0.5)
    assert found
    return found
