# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/provision.yml on the emulator: foretold, made, made again, taken away, all with the provisioner's policy.

Each run starts some thirty modules, so few runs show much.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from managed import playbook
from permissions import enforced, identity
from stock_collections import needs_collections
from world.aws import REGION, AwsEmulator

from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import GRANTS

pytestmark = [pytest.mark.slow, needs_collections]
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dba"
TRAIL = "/cloudtrail"
OTHER_TOPIC = "billing"
SECRET = "clients/client_acme/mysql/root"
DUTIES = ["rotator", "auditor"]
READER = f"arn:aws:iam::{ACCOUNT}:role/backup"
PUBLISHER = "arn:aws:iam::210987654321:role/dbops-rotation-client"
USER = f"arn:aws:iam::{ACCOUNT}:user/alice"


class Account:
    """An AWS account with one secret, a queue, a topic and a log group of others, and the keys of its provisioner."""

    def __init__(self, aws: AwsEmulator) -> None:
        self.aws = aws
        aws.client().create_secret(Name=SECRET, SecretString="x")
        aws.client("sqs").create_queue(QueueName="dba")
        aws.client("sns").create_topic(Name=OTHER_TOPIC)
        aws.client("logs").create_log_group(logGroupName=TRAIL)
        self.keys = identity(aws, {grant.action for grant in GRANTS["provisioner"]})

    def provision(self, *options: str, status: int = 0, **variables: Any) -> subprocess.CompletedProcess[str]:
        given = {
            "rotation_provision_region": REGION,
            "rotation_provision_endpoint_url": self.aws.endpoint_url,
            **{f"rotation_provision_{name}": value for name, value in self.keys.items()},
            "rotation_provision_duties": DUTIES,
            "rotation_provision_readers": [READER, USER],
            "rotation_provision_publishers": [PUBLISHER],
            "rotation_provision_subscriptions": [{"protocol": "sqs", "endpoint": QUEUE}],
            "rotation_provision_trail_log_group": TRAIL,
            **variables,
        }
        with enforced(self.aws):
            # The collections deprecate options that have to be given to be rid of their defaults.
            quiet = {"ANSIBLE_DEPRECATION_WARNINGS": "False"}
            run = playbook("playbooks/provision.yml", "-e", json.dumps(given), *options, environment=quiet, timeout=600)
        assert run.returncode == status, run.stdout + run.stderr
        assert "WARNING" not in run.stderr, run.stderr
        return run

    def made(self) -> dict[str, list[str]]:
        """The names of everything that the playbook may make, and of the secrets."""
        call = self.aws.client
        found = {
            "key": [one["AliasName"] for one in call("kms").list_aliases()["Aliases"]],
            "topic": [one["TopicArn"] for one in call("sns").list_topics()["Topics"]],
            "log group": [one["logGroupName"] for one in call("logs").describe_log_groups()["logGroups"]],
            "parameter": [one["Name"] for one in call("ssm").describe_parameters()["Parameters"]],
            "role": [one["RoleName"] for one in call("iam").list_roles()["Roles"]],
            "policy": [one["PolicyName"] for one in call("iam").list_policies(Scope="Local")["Policies"]],
            "filter": [one["filterName"] for one in call("logs").describe_metric_filters()["metricFilters"]],
            "alarm": [one["AlarmName"] for one in call("cloudwatch").describe_alarms()["MetricAlarms"]],
            "dashboard": [one["DashboardName"] for one in call("cloudwatch").list_dashboards()["DashboardEntries"]],
            "secret": [one["Name"] for one in call().list_secrets()["SecretList"]],
        }
        of_others = re.compile(f"^user-|/aws/|:{OTHER_TOPIC}$")
        return {kind: sorted(name for name in names if not of_others.search(name)) for kind, names in found.items()}


@pytest.fixture(scope="module")
def account(workspace: Path) -> Iterator[Account]:
    emulator = AwsEmulator(workspace / "aws-provision")
    try:
        emulator.start()
        yield Account(emulator)
    finally:
        emulator.stop()


@pytest.fixture(scope="module")
def provisioned(account: Account) -> Account:
    """The account after a first run."""
    account.provision()
    return account


def changes(run: subprocess.CompletedProcess[str]) -> int:
    found = re.search(r"changed=(\d+)", run.stdout)
    assert found
    return int(found.group(1))


def test_a_policy_that_iam_would_not_take_is_refused_before_anything_is_made(account: Account) -> None:
    """A rotator of many accounts: an emulator takes any length."""
    before = account.made()
    roles = [f"arn:aws:iam::{123456780000 + number}:role/dbops-rotation-client" for number in range(100)]
    run = account.provision(status=2, rotation_provision_client_roles=roles)
    told = " ".join(run.stdout.split())
    assert "The policy of the rotator would have" in told and "IAM takes 6144" in told, told
    assert "Nothing was changed." in told and account.made() == before


def test_check_mode_foretells_and_changes_nothing(account: Account) -> None:
    before = account.made()
    assert changes(account.provision("--check", "--diff")) == 11
    assert account.made() == before


def test_a_second_run_changes_nothing(provisioned: Account) -> None:
    before = provisioned.made()
    again = provisioned.provision("--diff")
    assert changes(again) == 0, again.stdout
    assert provisioned.made() == before


def test_everything_is_made_under_its_name(provisioned: Account) -> None:
    made = provisioned.made()
    assert made["role"] == made["policy"] == ["dbops-rotation-auditor", "dbops-rotation-rotator"]
    assert made["key"] == ["alias/dbops-rotation"]
    assert made["topic"] == [f"arn:aws:sns:{REGION}:{ACCOUNT}:dbops-rotation"]
    assert (made["log group"], made["parameter"]) == ([TRAIL, "/dbops/rotation"], ["/dbops/rotation/settings"])
    assert (len(made["filter"]), len(made["alarm"]), made["dashboard"]) == (11, 8, ["dbops-rotation"])


def test_key_topic_and_log_group_are_as_they_should_be(provisioned: Account) -> None:
    call = provisioned.aws.client
    found = call("kms").describe_key(KeyId="alias/dbops-rotation")["KeyMetadata"]
    key, arn = found["KeyId"], found["Arn"]
    assert call("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    topic = provisioned.made()["topic"][0]
    attributes = call("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert attributes["KmsMasterKeyId"] == arn
    statements = json.loads(attributes["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Publishers", "Alarms", "OnlyOverTls"]
    assert statements[0]["Principal"] == {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", PUBLISHER]}
    subscribed = call("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [one["Endpoint"] for one in subscribed] == [QUEUE]
    groups = call("logs").describe_log_groups(logGroupNamePrefix="/dbops")["logGroups"]
    assert (groups[0]["retentionInDays"], groups[0]["kmsKeyId"]) == (400, arn)
    settings = json.loads(call("ssm").get_parameter(Name="/dbops/rotation/settings")["Parameter"]["Value"])
    assert settings["rotation_topic_arn"] == topic and settings["rotation_kms_key_id"].endswith(key)


def test_the_key_may_be_used_for_alarms_and_for_this_log_group_only(provisioned: Account) -> None:
    kms = provisioned.aws.client("kms")
    key = kms.describe_key(KeyId="alias/dbops-rotation")["KeyMetadata"]["KeyId"]
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    found = {statement["Sid"]: statement for statement in policy["Statement"]}
    alarms, trail = found["Alarms"], found["AuditTrail"]
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert trail["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/dbops/rotation"
    assert trail["Condition"] == {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group}}
    publishers = found["Publishers"]
    assert publishers["Principal"] == {"AWS": [PUBLISHER]} and publishers["Action"] == alarms["Action"]
    assert publishers["Condition"] == {"StringEquals": {"kms:ViaService": f"sns.{REGION}.amazonaws.com"}}


def test_a_role_has_the_policy_of_its_duty_for_the_things_that_were_made(provisioned: Account) -> None:
    iam = provisioned.aws.client("iam")
    attached = iam.list_attached_role_policies(RoleName="dbops-rotation-rotator")["AttachedPolicies"]
    arn = attached[0]["PolicyArn"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    resources = {statement["Sid"]: statement["Resource"] for statement in document["Statement"]}
    assert len(attached) == 1
    assert resources["Secrets"] == [f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:clients/*"]
    assert resources["Topic"] == provisioned.made()["topic"]
    assert ":key/" in resources["Key"][0] and "not-made-yet" not in resources["Key"][0]


def test_the_dashboard_shows_metrics_of_this_region_that_are_made(provisioned: Account) -> None:
    call = provisioned.aws.client
    filters = call("logs").describe_metric_filters(logGroupName="/dbops/rotation")["metricFilters"]
    made = {(one["metricNamespace"], one["metricName"]) for given in filters for one in given["metricTransformations"]}
    body = json.loads(call("cloudwatch").get_dashboard(DashboardName="dbops-rotation")["DashboardBody"])
    widgets = [one["properties"] for one in body["widgets"]]
    assert {tuple(metric) for one in widgets for metric in one["metrics"]} == made
    assert {one["region"] for one in widgets} == {REGION}


def test_every_alarm_tells_the_topic_and_watches_a_metric_that_is_made(provisioned: Account) -> None:
    call = provisioned.aws.client
    filters = call("logs").describe_metric_filters()["metricFilters"]
    metrics = {one["metricName"] for given in filters for one in given["metricTransformations"]}
    alarms = {one["AlarmName"]: one for one in call("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert {alarm["MetricName"] for alarm in alarms.values()} <= metrics
    assert all(alarm["AlarmActions"] == provisioned.made()["topic"] for alarm in alarms.values())
    heartbeat = alarms["dbops-rotation-heartbeat"]
    assert heartbeat["Period"] * heartbeat["EvaluationPeriods"] == 26 * 3600
    assert (heartbeat["TreatMissingData"], heartbeat["ComparisonOperator"]) == ("breaching", "LessThanThreshold")


def test_reads_by_strangers_are_all_but_those_of_roles_and_readers(provisioned: Account) -> None:
    filters = provisioned.aws.client("logs").describe_metric_filters(logGroupName=TRAIL)["metricFilters"]
    pattern = filters[0]["filterPattern"]
    roles = [f"arn:aws:iam::{ACCOUNT}:role/dbops-rotation-{duty}" for duty in ("rotator", "worker")]
    for arn in (*roles, READER):
        assert f'$.userIdentity.sessionContext.sessionIssuer.arn != "{arn}"' in pattern
    assert f' && $.userIdentity.arn != "{USER}" }}' in pattern
    assert len(pattern) <= 1024, "the limit of CloudWatch Logs"
    assert "role/dbops-rotation-auditor" not in pattern


def test_another_limit_replaces_the_policy_and_leaves_one_version_of_it(provisioned: Account) -> None:
    provisioned.aws.start_recording()
    assert changes(provisioned.provision(rotation_provision_secret_tags={"environment": "production"})) == 2
    provisioned.aws.stop_recording()
    called = {request.body.decode(errors="replace") for request in provisioned.aws.recorded()}
    for action in ("CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion"):
        assert any(f"Action={action}&" in body for body in called), action
    policies = provisioned.aws.client("iam").list_policies(Scope="Local")["Policies"]
    rotator = next(one["Arn"] for one in policies if one["PolicyName"] == "dbops-rotation-rotator")
    assert len(provisioned.aws.client("iam").list_policy_versions(PolicyArn=rotator)["Versions"]) == 1


def test_absent_takes_all_away_but_secrets_key_and_audit_trail(provisioned: Account) -> None:
    provisioned.provision(rotation_provision_state="absent")
    left = {kind: names for kind, names in provisioned.made().items() if names}
    assert left == {"key": ["alias/dbops-rotation"], "log group": [TRAIL, "/dbops/rotation"], "secret": [SECRET]}
    # moto 5.2.5 cannot delete a key that is named by its ARN, as the module does.
    removing = {"rotation_provision_remove_key": True, "rotation_provision_remove_log_group": True}
    assert changes(provisioned.provision("--check", rotation_provision_state="absent", **removing)) == 2
    assert {kind: names for kind, names in provisioned.made().items() if names} == left
