# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/provision.yml on the emulator: foretold, made, made again, and taken away."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from managed import playbook
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator

ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dba"
TRAIL = "/cloudtrail"
SECRET = "clients/client_acme/mysql/root"
DUTIES = ["rotator", "onboarder", "notifier", "auditor"]


class Account:
    """An AWS account with one secret, a queue and a log group of CloudTrail."""

    def __init__(self, aws: AwsEmulator) -> None:
        self.aws = aws
        aws.client().create_secret(Name=SECRET, SecretString="x")
        aws.client("sqs").create_queue(QueueName="dba")
        aws.client("logs").create_log_group(logGroupName=TRAIL)

    def provision(self, *options: str, **variables: Any) -> subprocess.CompletedProcess[str]:
        given = {
            "rotation_provision_region": REGION,
            "rotation_provision_endpoint_url": self.aws.endpoint_url,
            "rotation_provision_access_key": ACCESS_KEY,
            "rotation_provision_secret_key": SECRET_KEY,
            "rotation_provision_subscriptions": [{"protocol": "sqs", "endpoint": QUEUE}],
            "rotation_provision_trail_log_group": TRAIL,
            **variables,
        }
        self.aws.start_recording()
        run = playbook("playbooks/provision.yml", "-e", json.dumps(given), *options)
        print("CALLED", sorted({r.headers.get("Authorization","").split("/")[3] + ":" + (r.operation or r.body.decode().partition("Action=")[2].partition("&")[0]) for r in self.aws.recorded()}))
        assert run.returncode == 0, run.stdout + run.stderr
        assert "WARNING" not in run.stderr, run.stderr
        return run

    def snapshot(self) -> dict[str, list[str]]:
        """The names of everything that the playbook may make."""
        call = self.aws.client
        keys = call("kms").list_aliases()["Aliases"]
        roles = call("iam").list_roles()["Roles"]
        policies = call("iam").list_policies(Scope="Local")["Policies"]
        filters = call("logs").describe_metric_filters()["metricFilters"]
        alarms = call("cloudwatch").describe_alarms()["MetricAlarms"]
        found = {
            "key": [one["AliasName"] for one in keys if not one["AliasName"].startswith("alias/aws/")],
            "topic": [one["TopicArn"] for one in call("sns").list_topics()["Topics"]],
            "log group": [one["logGroupName"] for one in call("logs").describe_log_groups()["logGroups"]],
            "parameter": [one["Name"] for one in call("ssm").describe_parameters()["Parameters"]],
            "role": [one["RoleName"] for one in roles],
            "policy": [one["PolicyName"] for one in policies],
            "filter": [one["filterName"] for one in filters],
            "alarm": [one["AlarmName"] for one in alarms],
            "secret": [one["Name"] for one in call().list_secrets()["SecretList"]],
        }
        return {kind: sorted(names) for kind, names in found.items()}


@pytest.fixture(scope="module")
def account(workspace: Path) -> Iterator[Account]:
    emulator = AwsEmulator(workspace / "aws-provision")
    try:
        emulator.start()
        yield Account(emulator)
    finally:
        emulator.stop()


def changes(run: subprocess.CompletedProcess[str]) -> int:
    found = re.search(r"changed=(\d+)", run.stdout)
    assert found
    return int(found.group(1))


def test_check_mode_foretells_and_changes_nothing(account: Account) -> None:
    before = account.snapshot()
    assert changes(account.provision("--check", "--diff")) == 7
    assert account.snapshot() == before


def test_everything_is_made_and_made_once(account: Account) -> None:
    account.provision()
    made = account.snapshot()
    assert made["role"] == made["policy"] == sorted(f"dbops-rotation-{duty}" for duty in DUTIES)
    assert made["key"] == ["alias/dbops-rotation"] and made["parameter"] == ["/dbops/rotation/settings"]
    assert (len(made["filter"]), len(made["alarm"])) == (11, 8)
    again = account.provision("--diff")
    assert changes(again) == 0, again.stdout
    assert changes(account.provision("--check", "--diff")) == 0
    assert account.snapshot() == made
