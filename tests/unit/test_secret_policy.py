# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource policy of a secret, against moto in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest
from emulated import client_of, done

from ansible_collections.dbops.rotation.plugins.module_utils._module.secret_policy import SECRET_POLICY

pytestmark = pytest.mark.usefixtures("aws")

SECRET = "clients/client_acme/mysql/root"
READER = "arn:aws:iam::123456789012:role/acme-shop"
ROTATOR = "arn:aws:iam::123456789012:role/dbops-rotation-rotator"
EVERYTHING = {"Action": "secretsmanager:*", "Resource": "*"}
FOREIGN = {"Sid": "Mine", "Effect": "Allow", "Principal": {"AWS": READER}, **EVERYTHING}


@pytest.fixture
def secrets() -> Any:
    client = client_of("secretsmanager")
    client.create_secret(Name=SECRET, SecretString="x")
    return client


def run(*, check: bool = False, **given: Any) -> dict[str, Any]:
    named = {"rotators": ["dbops-rotation-rotator"], "readers": []}
    return done(SECRET_POLICY, check=check, **{"client": "client_acme", "secret_id": SECRET, **named, **given})


def stored(secrets: Any) -> dict[str, dict[str, Any]]:
    text = secrets.get_resource_policy(SecretId=SECRET).get("ResourcePolicy")
    return {statement["Sid"]: statement for statement in json.loads(text)["Statement"]} if text else {}


def test_nobody_but_readers_and_rotators_reads_and_nobody_but_rotators_changes(secrets: Any) -> None:
    assert run(readers=[READER])["changed"]
    found = stored(secrets)
    reads, changes = found["DbopsRotationNobodyElseReads"], found["DbopsRotationNobodyElseChanges"]
    assert (reads["Effect"], reads["Principal"]) == ("Deny", "*")
    assert reads["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": [READER, ROTATOR]}}
    assert changes["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": [ROTATOR]}}
    assert {"secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"} <= set(changes["Action"])
    assert "Condition" not in found["DbopsRotationNobodyDeletes"]
    assert found["DbopsRotationReaders"]["Principal"] == {"AWS": [READER]}


def test_a_reader_with_a_wildcard_is_no_principal(secrets: Any) -> None:
    run(readers=["arn:aws:iam::123456789012:role/acme-*"])
    assert "DbopsRotationReaders" not in stored(secrets), "AWS refuses such a principal"


def test_a_second_run_changes_nothing_however_aws_writes_a_list_of_one(secrets: Any) -> None:
    run(readers=[READER])
    text = json.dumps({"Version": "2012-10-17", "Statement": list(stored(secrets).values())})
    secrets.put_resource_policy(SecretId=SECRET, ResourcePolicy=text.replace(f'["{ROTATOR}"]', f'"{ROTATOR}"'))
    assert not run(readers=[READER])["changed"]


def test_check_mode_tells_the_difference_and_changes_nothing(secrets: Any) -> None:
    result = run(check=True)
    assert result["changed"] and "would be changed" in result["msg"]
    assert result["diff"]["before"] == {} and len(result["diff"]["after"]["Statement"]) == 3
    assert stored(secrets) == {}


def test_what_others_wrote_is_kept_in_both_ways(secrets: Any) -> None:
    own = json.dumps({"Version": "2012-10-17", "Statement": [FOREIGN]})
    secrets.put_resource_policy(SecretId=SECRET, ResourcePolicy=own)
    run()
    assert stored(secrets)["Mine"] == FOREIGN and len(stored(secrets)) == 4
    assert run(state="absent")["changed"]
    assert stored(secrets) == {"Mine": FOREIGN}


def test_absent_takes_the_policy_away_and_leaves_the_secret(secrets: Any) -> None:
    run()
    assert run(state="absent")["changed"] and not run(state="absent")["changed"]
    assert stored(secrets) == {}
    assert secrets.get_secret_value(SecretId=SECRET, VersionStage="AWSCURRENT")["SecretString"] == "x"


def test_a_client_without_a_secret_is_left_alone() -> None:
    result = run()
    assert not result.get("failed") and not result["changed"] and "has no secret yet" in result["msg"]


def test_a_policy_that_aws_would_not_take_is_refused_with_its_size(secrets: Any) -> None:
    many = [f"arn:aws:iam::123456789012:role/shop-{number:04}" for number in range(300)]
    result = run(readers=many)
    assert result["error"]["code"] == "policy_too_large" and stored(secrets) == {}
    assert "characters, and AWS takes 20480" in result["msg"] and "Name fewer readers" in result["msg"]


def test_a_policy_that_would_lock_everybody_out_is_refused(secrets: Any) -> None:
    result = run(rotators=[])
    assert result["failed"] and result["error"]["code"] == "invalid_option"
    assert stored(secrets) == {}


@pytest.mark.parametrize("option", ["readers", "rotators"])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "arn:aws:sts::123456789012:assumed-role/acme-shop/i-0123456789abcdef0",
            "a session; name its role: arn:aws:iam::123456789012:role/acme-shop",
        ),
        ("arn:aws:sts::123456789012:assumed-role/acme-shop/*", "a session; name its role"),
        ("arn:aws:iam::123456789012:group/dba", "a group, which AWS lets in nowhere"),
        ("arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/*"),
        ("arn:aws:iam::123456789012:instance-profile/web", "neither a role nor a user"),
    ],
)
def test_who_would_be_locked_out_in_silence_is_refused_by_name(secrets: Any, option: str, name: str, told: str) -> None:
    options: dict[str, Any] = {option: [READER, name]}
    result = run(**options)
    assert result["failed"] and result["error"]["code"] == "invalid_option"
    assert name in result["msg"] and told in result["msg"]
    assert stored(secrets) == {}


@pytest.mark.parametrize(
    "name",
    [
        "arn:aws:iam::123456789012:user/me",
        "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/*",
        "arn:aws:iam::*:role/acme-*",
        "arn:aws-cn:iam::123456789012:role/x",
    ],
)
def test_roles_and_users_are_taken(name: str, secrets: Any) -> None:
    assert run(rotators=["dbops-rotation-rotator", name])["changed"]
    assert name in stored(secrets)["DbopsRotationNobodyElseReads"]["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
