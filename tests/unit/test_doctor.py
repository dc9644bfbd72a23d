# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor finds, each with its remedy, against moto in this process."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import ANY, Stubber
from emulated import client_of, done

from ansible_collections.dbops.rotation.plugins.module_utils._doctor.checks import (
    SKEW_NOTED,
    clock,
    permissions,
    size,
    topic,
)
from ansible_collections.dbops.rotation.plugins.module_utils._iam.policies import Scope, policy
from ansible_collections.dbops.rotation.plugins.module_utils._iam.secret_policy import with_ours
from ansible_collections.dbops.rotation.plugins.module_utils._module.doctor import DOCTOR, NEEDED

pytestmark = pytest.mark.usefixtures("aws")

SECRET = "clients/client_acme/mysql/root"
DOCUMENT = {"engine": "mysql", "host": "db.acme.example.com", "port": 3306, "username": "root", "password": "Hidden-1"}
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SESSION = "arn:aws:sts::123456789012:assumed-role/dbops-rotation-rotator/dbops-rotation"
ARN = f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{SECRET}-AbCdEf"
ROLE = "arn:aws:iam::123456789012:role/dbops-rotation-rotator"


def examine(**given: Any) -> dict[str, Any]:
    return done(DOCTOR, **{"client": "client_acme", "secret_id": SECRET, **given})


def problems(result: dict[str, Any]) -> dict[str, str]:
    assert all(check["next_step"] for check in result["checks"] if check["problem"])
    return {check["name"]: check["text"] for check in result["checks"] if check["problem"]}


def store() -> None:
    client_of("secretsmanager").create_secret(Name=SECRET, SecretString=json.dumps(DOCUMENT))


def test_all_is_well() -> None:
    store()
    result = examine(topic_arn=client_of("sns").create_topic(Name="dba")["TopicArn"])
    assert result["healthy"] and result["msg"] == "client_acme: AWS is ready"
    assert [check["name"] for check in result["checks"]] == [
        *("identity", "clock", "describe", "read", "versions", "permissions", "topic")
    ]
    assert ":123456789012:" in result["identity"] and "Hidden-1" not in json.dumps(result)


def test_a_secret_that_is_not_there_is_said_with_what_to_do() -> None:
    result = examine()
    assert not result["healthy"] and set(problems(result)) == {"describe"}
    assert "playbooks/onboard.yml" in result["msg"]


def test_a_topic_that_is_not_there_is_a_problem() -> None:
    store()
    found = problems(examine(topic_arn="arn:aws:sns:eu-central-1:123456789012:nowhere"))
    assert found == {"topic": "The topic cannot be reached (NotFound)."}


@pytest.mark.parametrize("code", ["AuthorizationError", "AccessDenied"])
def test_a_topic_that_is_denied_is_a_problem(code: str) -> None:
    sns = client_of("sns")
    with Stubber(sns) as stub:
        stub.add_client_error("get_topic_attributes", code)
        found = topic(sns, "arn:aws:sns:eu-central-1:123456789012:dba")
    assert found.problem and found.text == f"The topic cannot be reached ({code})."


@pytest.mark.parametrize(("seconds", "problem"), [(0, False), (SKEW_NOTED, True), (-SKEW_NOTED, True), (20, False)])
def test_the_clock_is_compared_with_the_date_of_an_answer(seconds: int, problem: bool) -> None:
    metadata = {"HTTPHeaders": {"date": "Wed, 25 Nov 2026 03:00:00 GMT"}}
    assert clock(metadata, NOW + timedelta(seconds=seconds)).problem is problem


def test_iam_is_asked_for_the_role_behind_the_session_and_a_denial_is_a_problem() -> None:
    iam = client_of("iam")
    decided = {NEEDED[0]: "implicitDeny", NEEDED[1]: "allowed"}
    answer = [{"EvalActionName": name, "EvalDecision": decision} for name, decision in decided.items()]
    asked = {"PolicySourceArn": ROLE, "ActionNames": NEEDED, "ResourceArns": [ARN], "ContextEntries": ANY}
    with Stubber(iam) as stub:
        stub.add_response("simulate_principal_policy", {"EvaluationResults": answer}, asked)
        found = permissions(iam, SESSION, ARN, NEEDED, {})
    assert found.problem and found.text == f"IAM denies {NEEDED[0]}."


def test_iam_is_told_what_our_own_policies_ask_of_a_request() -> None:
    """A simulated request has no TLS and no tags unless they are said, and would be denied to the very rotator."""
    scope = Scope("123456789012", "eu-central-1", secret_tags={"team": "shop"})
    asking = policy("rotator", scope)["Statement"]
    conditions = [statement["Condition"] for statement in asking if statement["Sid"] in ("Secrets", "Tags")]
    keys = {key for asked in conditions for test in asked.values() for key in test}
    assert keys == {"aws:SecureTransport", "aws:ResourceTag/team", "aws:TagKeys"}
    iam, sent = client_of("iam"), []
    iam.meta.events.register("before-parameter-build.iam", lambda params, **_more: sent.append(params))
    permissions(iam, SESSION, ARN, NEEDED, {"team": "shop"})
    said = {one["ContextKeyName"]: one["ContextKeyValues"] for one in sent[0]["ContextEntries"]}
    assert keys <= said.keys() and (said["aws:SecureTransport"], said["aws:ResourceTag/team"]) == (["true"], ["shop"])
    assert all(key.startswith("rotation/") for key in said["aws:TagKeys"])


def test_what_iam_cannot_tell_is_no_denial() -> None:
    """A policy may ask for the address or the endpoint of a request, which only AWS knows."""
    iam = client_of("iam")
    answer = {"EvalActionName": NEEDED[0], "EvalDecision": "explicitDeny", "MissingContextValues": ["aws:SourceVpce"]}
    with Stubber(iam) as stub:
        stub.add_response("simulate_principal_policy", {"EvaluationResults": [answer]})
        found = permissions(iam, SESSION, ARN, NEEDED, {})
    assert not found.problem and "without aws:SourceVpce" in found.text


def test_a_copy_of_a_secret_in_another_region_is_not_ready() -> None:
    client_of("secretsmanager").create_secret(
        Name=SECRET, SecretString=json.dumps(DOCUMENT), AddReplicaRegions=[{"Region": "eu-west-1"}]
    )
    assert examine()["healthy"]
    result = examine(region="eu-west-1")
    assert problems(result) == {
        "primary": "The secret in eu-west-1 is a copy of that in eu-central-1, and only that can be written."
    }
    assert "Set rotation_region to eu-central-1." in result["msg"]


@pytest.mark.parametrize(("readers", "told"), [(3, False), (180, False), (210, True)])
def test_a_resource_policy_that_grows_too_large_is_told(readers: int, told: bool) -> None:
    grown = with_ours(None, [f"arn:aws:iam::123456789012:role/shop-{number:04}" for number in range(readers)], [ROLE])
    assert [check.text.endswith("of 20480 characters.") for check in size(grown)] == [True] * told


def test_that_iam_may_not_be_asked_is_no_problem() -> None:
    iam = client_of("iam")
    with Stubber(iam) as stub:
        stub.add_client_error("simulate_principal_policy", "AccessDenied")
        assert not permissions(iam, SESSION, ARN, NEEDED, {}).problem
