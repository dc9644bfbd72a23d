# SPDX-License-Identifier: GPL-3.0-or-later
"""Each action of a duty's policy is needed: without it, a named operation stops, or says that it could not do all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from managed import ManagedClient
from permissions import Keys, document, enforced, identity
from world.aws import AwsEmulator
from world.certificates import Authority
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import GRANTS, SOURCES, Grant
from ansible_collections.dbops.rotation.plugins.module_utils._module.cycle_info import CYCLE_INFO
from ansible_collections.dbops.rotation.plugins.module_utils._module.doctor import DOCTOR
from ansible_collections.dbops.rotation.plugins.module_utils._module.notice import NOTICE
from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD

pytestmark = pytest.mark.slow

ACCOUNT = "123456789012"
Operation = Callable[[ManagedClient, Keys], dict[str, Any]]


@pytest.fixture(scope="module")
def aws(workspace: Path) -> Iterator[AwsEmulator]:
    """An emulator of this file, because it asks for permissions."""
    emulator = AwsEmulator(workspace / "aws-iam")
    try:
        emulator.start()
        yield emulator
    finally:
        emulator.stop()


@pytest.fixture
def client(
    make_client: Callable[..., ManagedClient], mysql_server: DatabaseServer, authority: Authority, aws: AwsEmulator
) -> ManagedClient:
    return replace(make_client(mysql_server), aws=aws, ca_file=authority.ca_file)


def rotate(client: ManagedClient, keys: Keys) -> dict[str, Any]:
    client.create()
    with enforced(client.aws):
        result: dict[str, Any] = client.run(**keys)
    return result


def assume_and_rotate(client: ManagedClient, keys: Keys) -> dict[str, Any]:
    iam = client.aws.client("iam")
    name = f"role-{client.user}"
    trust = document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    may = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    iam.put_role_policy(RoleName=name, PolicyName="duty", PolicyDocument=may)
    client.create()
    with enforced(client.aws):
        result: dict[str, Any] = client.run(assume_role_arn=f"arn:aws:iam::{ACCOUNT}:role/{name}", **keys)
    return result


def onboard(client: ManagedClient, keys: Keys, **given: Any) -> dict[str, Any]:
    client.server.create_account(client.user, client.hosts, client.password)
    place = {"host": "127.0.0.1", "port": client.server.port, "username": client.user}
    with enforced(client.aws):
        result: dict[str, Any] = client.run(ONBOARD, **{**place, "password": client.password, **given}, **keys)
    return result


def onboard_existing(client: ManagedClient, keys: Keys) -> dict[str, Any]:
    client.create_secret()
    return onboard(client, keys)


def onboard_from_another(client: ManagedClient, keys: Keys) -> dict[str, Any]:
    source = client.aws.client().create_secret(Name=f"old/{client.user}", SecretString=json.dumps(client.document()))
    return onboard(client, keys, password=None, source_secret_id=source["ARN"])


def state(client: ManagedClient, keys: Keys) -> dict[str, Any]:
    """Read the state of a secret without tags."""
    client.create()
    with enforced(client.aws):
        result: dict[str, Any] = client.run(CYCLE_INFO, **keys)
    return result


def failed_notice(client: ManagedClient, keys: Keys) -> dict[str, Any]:
    client.create()
    topic = client.aws.client("sns").create_topic(Name=client.user)["TopicArn"]
    with enforced(client.aws):
        result: dict[str, Any] = client.run(NOTICE, event="failed", topic_arn=topic, **keys)
    return result


def examine(client: ManagedClient, keys: Keys) -> dict[str, Any]:
    client.create()
    topic = client.aws.client("sns").create_topic(Name=client.user)["TopicArn"]
    with enforced(client.aws):
        result: dict[str, Any] = client.run(DOCTOR, topic_arn=topic, **keys)
    return {**result, "failed": not result.get("healthy")}


# What stops when the action is taken away; an action of one policy may be needed by several operations.
OPERATIONS: dict[tuple[str, str], Operation] = {
    ("rotator", "secretsmanager:ListSecretVersionIds"): state,
    ("rotator", "sns:Publish"): failed_notice,
    ("rotator", "sns:GetTopicAttributes"): examine,
    ("rotator", "sts:AssumeRole"): assume_and_rotate,
    ("onboarder", "secretsmanager:GetSecretValue"): onboard_existing,
    ("onboarder", "secretsmanager:GetSecretValue from a source"): onboard_from_another,
    ("onboarder", "secretsmanager:TagResource"): onboard_existing,
}
USUAL: dict[str, Operation] = {"rotator": rotate, "onboarder": onboard, "notifier": failed_notice, "auditor": state}
PROVEN = [(duty, grant) for duty, grants in GRANTS.items() for grant in grants if grant.proven]


def operation_of(duty: str, grant: Grant) -> Operation:
    action = f"{grant.action} from a source" if grant.on == SOURCES else grant.action
    return OPERATIONS.get((duty, action), USUAL[duty])


TRIED = sorted({(duty, operation_of(duty, grant)) for duty, grant in PROVEN}, key=lambda one: (one[0], one[1].__name__))


def complaints(result: dict[str, Any]) -> str:
    """What an operation says that went wrong; empty where all was done."""
    return " ".join([result["msg"] if result.get("failed") else "", *result.get("warnings", [])]).strip()


@pytest.mark.parametrize(("duty", "operation"), TRIED, ids=[f"{duty}-{does.__name__}" for duty, does in TRIED])
def test_the_actions_of_a_duty_are_enough(duty: str, operation: Operation, client: ManagedClient) -> None:
    allowed = {grant.action for grant in GRANTS[duty]}
    assert complaints(operation(client, identity(client.aws, allowed))) == ""


@pytest.mark.parametrize(
    ("duty", "grant"), PROVEN, ids=[f"{duty}-{grant.action}-{grant.on}".replace(" ", "_") for duty, grant in PROVEN]
)
def test_without_an_action_something_stops(duty: str, grant: Grant, client: ManagedClient) -> None:
    operation = operation_of(duty, grant)
    allowed = {one.action for one in GRANTS[duty]}
    result = operation(client, identity(client.aws, allowed - {grant.action}))
    assert complaints(result) != ""
