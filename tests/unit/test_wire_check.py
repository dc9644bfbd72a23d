# SPDX-License-Identifier: GPL-3.0-or-later
"""What the wire checker takes and refuses, without any AWS; that it sees every process is tested with the playbooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from emulated import client_of
from wire_check import check, findings
from wire_check.model import compiled
from wire_check.rules import RULES

SERVICES = ("cloudwatch", "events", "iam", "kms", "lambda", "logs", "secretsmanager", "sns", "sqs", "ssm", "sts")
ARN = "arn:aws:sns:eu-central-1:123456789012:topic"
ROLE = "arn:aws:iam::123456789012:role/rotator"
TOKEN = "0" * 32
POLICY = {"PolicyName": "p", "PolicyDocument": json.dumps({"x": "x" * 11_000})}
SMALL = {"PolicyName": "p", "PolicyDocument": '{"Version":   "2012-10-17"}'}
TRUST = json.dumps({"x": "x" * 2_048})
SECRET = {"Name": "clients/acme", "ClientRequestToken": TOKEN, "SecretString": "x"}
PUBLISH = {"TopicArn": ARN, "Message": "x"}
EVENT = {"message": "x", "timestamp": 0}
ALARM = {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}
LOG = {"logGroupName": "g", "logStreamName": "s"}


@cache
def operation(service: str, name: str) -> Any:
    return botocore.session.Session().get_service_model(service).operation_model(name)


def wrong(service: str, name: str, params: dict[str, Any]) -> set[str]:
    """Return the parameters at which AWS would take offence."""
    return {violation.parameter for violation in check.violations(operation(service, name), params)}


@pytest.mark.parametrize("service", SERVICES)
def test_every_pattern_of_the_models_is_understood(service: str) -> None:
    model = botocore.session.Session().get_service_model(service)
    for name in model.shape_names:
        pattern = model.shape_for(name).metadata.get("pattern")
        if pattern:
            compiled(pattern)


@pytest.mark.parametrize(
    ("service", "name", "params", "parameter"),
    [
        ("sts", "AssumeRole", {"RoleArn": ROLE}, "RoleSessionName"),
        ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "ok", "Unknown": 1}, "Unknown"),
        ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "müller"}, "RoleSessionName"),
        ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "two\n"}, "RoleSessionName"),
        ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "ok", "DurationSeconds": 899}, "DurationSeconds"),
        ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": 5}, "RoleSessionName"),
        (
            "sts",
            "AssumeRole",
            {"RoleArn": ROLE, "RoleSessionName": "ok", "Tags": [{"Key": "a", "Value": "u\u0308"}]},
            "Tags[0].Value",
        ),
        ("secretsmanager", "PutSecretValue", {"SecretId": "a", "ClientRequestToken": "x"}, "ClientRequestToken"),
        ("secretsmanager", "CreateSecret", {**SECRET, "SecretString": "x" * 65_537}, "SecretString"),
        ("secretsmanager", "ListSecrets", {"Filters": [{"Key": "nonesuch", "Values": ["a"]}]}, "Filters[0].Key"),
        (
            "secretsmanager",
            "ListSecrets",
            {"Filters": [{"Key": "tag-value", "Values": ["Zürich"]}]},
            "Filters[0].Values[0]",
        ),
        (
            "secretsmanager",
            "ListSecrets",
            {"Filters": [{"Key": "name", "Values": ["a"] * 11}]},
            "Filters[0].Values",
        ),
        ("secretsmanager", "CreateSecret", {**SECRET, "Tags": {"a": "b"}}, "Tags"),
        ("secretsmanager", "CreateSecret", {**SECRET, "Tags": ["a"]}, "Tags[0]"),
        ("sns", "Publish", {**PUBLISH, "MessageAttributes": {"a": {}}}, "MessageAttributes['a'].DataType"),
        ("sns", "Publish", {**PUBLISH, "MessageAttributes": []}, "MessageAttributes"),
        ("logs", "PutLogEvents", {**LOG, "logEvents": [{"message": "x", "timestamp": "x"}]}, "logEvents[0].timestamp"),
        ("logs", "PutLogEvents", {**LOG, "logEvents": [{**EVENT, "timestamp": -1}]}, "logEvents[0].timestamp"),
        ("kms", "Encrypt", {"KeyId": "k", "Plaintext": b"x" * 4_097}, "Plaintext"),
    ],
)
def test_what_does_not_fit_the_model_is_named(service: str, name: str, params: dict[str, Any], parameter: str) -> None:
    assert wrong(service, name, params) == {parameter}


def tagged(*tags: tuple[str, str]) -> dict[str, Any]:
    return {"SecretId": "a", "Tags": [{"Key": key, "Value": value} for key, value in tags]}


# One request for each rule at least, by what the rule concerns.
BROKEN: dict[tuple[str, str, str], list[tuple[str, str, dict[str, Any]]]] = {
    ("*", "*", "Tags"): [
        ("secretsmanager", "TagResource", tagged(("rotation/client", "acme (prod)"))),
        ("secretsmanager", "TagResource", tagged(("rotation/client", "mu\u0308ller"))),
        ("secretsmanager", "TagResource", tagged(("rotation/client", "a\tb"))),
        ("secretsmanager", "TagResource", tagged(("AWS:x", "a"))),
        ("secretsmanager", "TagResource", tagged(("a&b", "a"))),
        ("secretsmanager", "TagResource", tagged(("a", "1"), ("a", "2"))),
        ("secretsmanager", "TagResource", tagged(*((str(number), "a") for number in range(51)))),
        ("kms", "TagResource", {"KeyId": "k", "Tags": [{"TagKey": "aws:x", "TagValue": ""}]}),
        (
            "ssm",
            "AddTagsToResource",
            {"ResourceType": "Parameter", "ResourceId": "a", "Tags": [{"Key": "aws:x", "Value": ""}]},
        ),
    ],
    ("*", "*", "tags"): [("logs", "CreateLogGroup", {"logGroupName": "g", "tags": {"aws:a": "b"}})],
    ("*", "*", "TagKeys"): [("secretsmanager", "UntagResource", {"SecretId": "a", "TagKeys": ["aws:x"]})],
    ("*", "*", "tagKeys"): [("logs", "UntagResource", {"resourceArn": ARN, "tagKeys": ["aws:x"]})],
    ("secretsmanager", "CreateSecret", "Name"): [("secretsmanager", "CreateSecret", {**SECRET, "Name": "clients/ü"})],
    ("secretsmanager", "*", "SecretId"): [
        ("secretsmanager", "DescribeSecret", {"SecretId": "a b"}),
        ("secretsmanager", "DescribeSecret", {"SecretId": "arn:aws:secretsmanager:eu:1:secret:a b"}),
    ],
    ("secretsmanager", "*", "SecretString"): [
        ("secretsmanager", "CreateSecret", {**SECRET, "SecretString": "ü" * 40_000})
    ],
    ("secretsmanager", "ListSecrets", "Filters"): [
        ("secretsmanager", "ListSecrets", {"Filters": [{"Key": "tag-key", "Values": ["a"]}] * 2})
    ],
    ("secretsmanager", "DeleteSecret", ""): [
        ("secretsmanager", "DeleteSecret", {"SecretId": "a", "RecoveryWindowInDays": 6}),
        (
            "secretsmanager",
            "DeleteSecret",
            {"SecretId": "a", "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True},
        ),
    ],
    ("secretsmanager", "PutResourcePolicy", "ResourcePolicy"): [
        ("secretsmanager", "PutResourcePolicy", {"SecretId": "a", "ResourcePolicy": "{"})
    ],
    ("sns", "Publish", "Subject"): [
        ("sns", "Publish", {**PUBLISH, "Subject": text}) for text in ("ü", "a\nb", "x" * 100, "", " a")
    ],
    ("sns", "Publish", ""): [
        ("sns", "Publish", {**PUBLISH, "Message": "ü" * 140_000}),
        ("sns", "Publish", {**PUBLISH, "Message": ""}),
        ("sns", "Publish", {"Message": "x"}),
        ("sns", "Publish", {**PUBLISH, "MessageStructure": "json"}),
    ],
    ("sns", "Publish", "MessageAttributes"): [
        ("sns", "Publish", {**PUBLISH, "MessageAttributes": {key: {"DataType": kind, "StringValue": value}}})
        for key, kind, value in (
            ("a b", "String", "x"),
            ("AWS.a", "String", "x"),
            ("a", "Text", "x"),
            ("a", "String", ""),
        )
    ],
    ("sns", "CreateTopic", "Name"): [("sns", "CreateTopic", {"Name": name}) for name in ("a b", "x" * 257, "")],
    ("logs", "PutLogEvents", "logEvents"): [
        ("logs", "PutLogEvents", {**LOG, "logEvents": events})
        for events in (
            [EVENT, {**EVENT, "timestamp": 86_400_001}],
            [{**EVENT, "timestamp": 1}, EVENT],
            [{**EVENT, "message": "ü" * 100_000}] * 6,
        )
    ],
    ("logs", "PutRetentionPolicy", "retentionInDays"): [
        ("logs", "PutRetentionPolicy", {"logGroupName": "g", "retentionInDays": 40})
    ],
    ("cloudwatch", "*", "AlarmName"): [("cloudwatch", "PutMetricAlarm", {**ALARM, "AlarmName": "ü"})],
    ("iam", "CreatePolicy", "PolicyDocument"): [("iam", "CreatePolicy", POLICY)],
    ("iam", "CreatePolicyVersion", "PolicyDocument"): [
        ("iam", "CreatePolicyVersion", {"PolicyArn": ROLE, "PolicyDocument": POLICY["PolicyDocument"]})
    ],
    ("iam", "PutRolePolicy", "PolicyDocument"): [("iam", "PutRolePolicy", {**POLICY, "RoleName": "r"})],
    ("iam", "PutUserPolicy", "PolicyDocument"): [("iam", "PutUserPolicy", {**POLICY, "UserName": "u"})],
    ("iam", "PutGroupPolicy", "PolicyDocument"): [("iam", "PutGroupPolicy", {**POLICY, "GroupName": "g"})],
    ("iam", "CreateRole", "AssumeRolePolicyDocument"): [
        ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": TRUST})
    ],
    ("iam", "UpdateAssumeRolePolicy", "PolicyDocument"): [
        ("iam", "UpdateAssumeRolePolicy", {"RoleName": "r", "PolicyDocument": TRUST})
    ],
    ("sts", "AssumeRole", "Policy"): [
        ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "ok", "Policy": TRUST})
    ],
    ("kms", "*", "Policy"): [("kms", "CreateKey", {"Policy": "{"})],
    ("kms", "CreateAlias", "AliasName"): [
        ("kms", "CreateAlias", {"AliasName": name, "TargetKeyId": "k"}) for name in ("key", "alias/aws/x")
    ],
    ("ssm", "PutParameter", "Name"): [
        ("ssm", "PutParameter", {"Name": name, "Value": "x"}) for name in ("/a b", "/aws/x", "a/b", "/a" * 16)
    ],
    ("ssm", "PutParameter", ""): [
        ("ssm", "PutParameter", {"Name": "/a", "Value": value}) for value in ("x" * 4_097, "{{a}}")
    ],
    ("sqs", "CreateQueue", "QueueName"): [("sqs", "CreateQueue", {"QueueName": "a b"})],
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.service}-{rule.operation}-{rule.parameter}")
def test_each_rule_refuses(rule: Any) -> None:
    for service, name, params in BROKEN[rule.service, rule.operation, rule.parameter]:
        assert wrong(service, name, params) == {rule.parameter or "the request"}, params


@pytest.mark.parametrize(
    ("service", "name", "params"),
    [
        ("secretsmanager", "TagResource", tagged(("rotation/client", "müller AG: x"), ("b", ""))),
        ("secretsmanager", "TagResource", tagged(("rotation/client", "aws:acme"))),
        ("secretsmanager", "CreateSecret", SECRET),
        ("secretsmanager", "DescribeSecret", {"SecretId": "arn:aws:secretsmanager:eu:1:secret:a/b-AbCdEf"}),
        ("secretsmanager", "DeleteSecret", {"SecretId": "a", "RecoveryWindowInDays": 30}),
        ("iam", "PutRolePolicy", {**SMALL, "RoleName": "r"}),
        ("iam", "CreatePolicy", {**POLICY, "PolicyDocument": json.dumps({"x": [" " * 9_000, "x" * 6_000]})}),
        ("sns", "Publish", {**PUBLISH, "Subject": "[rotation] done: client_acme"}),
        ("sns", "Publish", {**PUBLISH, "MessageAttributes": {"event": {"DataType": "String", "StringValue": "x"}}}),
        ("logs", "PutLogEvents", {**LOG, "logEvents": [EVENT, {**EVENT, "timestamp": 86_400_000}]}),
        ("ssm", "PutParameter", {"Name": "/rotation/cycle-days", "Value": "40"}),
        ("kms", "CreateAlias", {"AliasName": "alias/rotation", "TargetKeyId": "k"}),
    ],
)
def test_what_aws_takes_is_taken(service: str, name: str, params: dict[str, Any]) -> None:
    assert wrong(service, name, params) == set()


def test_no_finding_holds_a_value() -> None:
    value = "Sup3r secret!"
    params = {**SECRET, "Name": value, "SecretString": value, "Tags": [{"Key": "a", "Value": f"{value}&"}]}
    found = check.violations(operation("secretsmanager", "CreateSecret"), params)
    assert len(found) == 2 and value not in str(found)


@pytest.fixture
def found(tmp_path: Path) -> Any:
    with findings.apart(tmp_path / "findings.jsonl") as read:
        yield read


@pytest.mark.parametrize(
    ("service", "call", "params", "code"),
    [
        ("secretsmanager", "tag_resource", tagged(("a", "b&c")), "ValidationException"),
        ("secretsmanager", "get_random_password", {"PasswordLength": 5_000}, "ValidationException"),
        ("sns", "publish", {**PUBLISH, "Subject": "ü"}, "InvalidParameter"),
        ("sts", "assume_role", {"RoleArn": ROLE, "RoleSessionName": "a b"}, "ValidationError"),
        ("iam", "create_policy", POLICY, "LimitExceeded"),
        ("logs", "put_retention_policy", {"logGroupName": "g", "retentionInDays": 40}, "InvalidParameterException"),
    ],
)
def test_a_violation_is_answered_as_aws_does(
    monkeypatch: pytest.MonkeyPatch,
    found: Callable[[], list[findings.Finding]],
    service: str,
    call: str,
    params: dict[str, Any],
    code: str,
) -> None:
    monkeypatch.setenv(check.ANSWERS, "1")
    # Nobody listens here: an answer is not from there.
    client = client_of(service, endpoint_url="http://127.0.0.1:9")
    with pytest.raises(ClientError) as refused:
        getattr(client, call)(**params)
    assert refused.value.response["Error"]["Code"] == code
    assert "failed to satisfy constraint" in str(refused.value) and len(found()) == 1


def test_a_process_that_cannot_be_checked_is_a_finding(
    found: Callable[[], list[findings.Finding]], tmp_path: Path
) -> None:
    (tmp_path / "regex.py").write_text("raise ImportError('there is no regex')")
    environment = {**os.environ, **findings.inherited(tmp_path)}
    subprocess.run([sys.executable, "-c", "import botocore.session"], env=environment, check=True)
    (finding,) = found()
    assert "this process cannot be checked: there is no regex" in str(finding)
