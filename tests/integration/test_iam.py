# SPDX-License-Identifier: GPL-3.0-or-later
"""Each action of a duty's policy is needed: without it, a named operation stops, or says that it could not do all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from duties import Operation, operation_of
from managed import MakeClient, ManagedClient
from permissions import identity
from world.aws import AwsEmulator
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import (
    GRANTS,
    OF_FUNCTIONS,
    SOURCES,
    TRAIL_LOGS,
    Grant,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def client(make_client: MakeClient, mysql_server: DatabaseServer, asking_aws: AwsEmulator) -> ManagedClient:
    return replace(make_client(mysql_server), aws=asking_aws)


# Needed on two things, for two operations.
SEVERAL = ("logs:FilterLogEvents", "secretsmanager:GetSecretValue")
# test_function_deployment.py takes away those of the functions.
PROVEN = [(duty, one) for duty, grants in GRANTS.items() for one in grants if one.proven and duty not in OF_FUNCTIONS]


def tried(duty: str, grant: Grant) -> Operation:
    which = {SOURCES: " from a source", TRAIL_LOGS: " of CloudTrail"} if grant.action in SEVERAL else {}
    return operation_of(duty, f"{grant.action}{which.get(grant.on, '')}")


TRIED = sorted({(duty, tried(duty, grant)) for duty, grant in PROVEN}, key=lambda one: (one[0], one[1].__name__))


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
    operation = tried(duty, grant)
    allowed = {one.action for one in GRANTS[duty]}
    result = operation(client, identity(client.aws, allowed - {grant.action}))
    assert complaints(result) != ""
