# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs a client, by the playbooks: it goes to the functions with its settings, and comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cycle import in_days, is_due, set_tags
from function_calls import call
from functions_at_work import Functions, at_work
from listed_fleet import Fleet
from managed import ManagedClient, playbook, write_inventory
from onboarding import onboard
from playbook_runs import Run, said
from settled import assert_settled
from stub_function import ARN, stub_function
from world.aws import AwsEmulator
from world.certificates import Authority

from ansible_collections.dbops.rotation.plugins.module_utils._lambda.sweep_function import sweep

RUNNER = "playbooks/runner.yml"
pytestmark = pytest.mark.slow


@pytest.fixture
def client(mysql_client: ManagedClient) -> ManagedClient:
    """One kind of server: the runner has nothing to do with the other."""
    return mysql_client


@pytest.fixture
def functions(aws: AwsEmulator, authority: Authority) -> Iterator[Functions]:
    with at_work(aws, authority) as found:
        yield found


def run(folder: Path, client: ManagedClient, name: str, *arguments: str, **variables: Any) -> Run:
    inventory = str(write_inventory(folder, {client.name: client.variables(**variables)}))
    spool = {"ROTATION_AUDIT_SPOOL": str(folder / "audit")}
    return playbook(name, "-i", inventory, "-l", client.name, *arguments, environment=spool)


def succeed(*arguments: Any, changed: bool, **variables: Any) -> str:
    done = run(*arguments, **variables)
    assert done.returncode == 0, said(done)
    assert ("changed=0" not in done.stdout) is changed, said(done)
    return said(done)


def parameter(client: ManagedClient) -> Any:
    """What the parameter of a client says."""
    answer = client.aws.client("ssm").get_parameters(Names=[f"/dbops/rotation/clients/{client.name}"])["Parameters"]
    return json.loads(answer[0]["Value"]) if answer else None


def runner(client: ManagedClient) -> str | None:
    return client.tags().get("rotation/runner")


def test_a_client_goes_to_the_functions_with_its_freeze_and_comes_back(
    functions: Functions, client: ManagedClient, tmp_path: Path
) -> None:
    client.rotate()
    is_due(client)
    set_tags(client, {"rotation/notified": ""})
    before = client.stages()["AWSCURRENT"]
    freeze = [{"from": in_days(-3), "to": in_days(3), "reason": "year end"}]
    theirs: dict[str, Any] = {"rotation_runner": "lambda", "rotation_freezes": freeze, "rotation_overlap": "60"}
    assert "would run as a function" in succeed(tmp_path, client, RUNNER, "--check", "-v", changed=True, **theirs)
    assert (runner(client), parameter(client)) == (None, None)
    succeed(tmp_path, client, RUNNER, changed=True, **theirs)
    assert runner(client) == "lambda" and sorted(parameter(client)) == ["rotation_freezes", "rotation_overlap"]
    for check in ([], ["--check"]):
        succeed(tmp_path, client, RUNNER, *check, changed=False, **theirs)

    assert call(sweep, {}).raised is None and [one.raised for one in functions.work_off()] == [None]
    assert client.stages()["AWSCURRENT"] == before, "the freeze of the inventory holds for the functions"
    succeed(tmp_path, client, RUNNER, changed=True, **{**theirs, "rotation_freezes": []})
    assert call(sweep, {}).raised is None and [one.raised for one in functions.work_off()] == [None]
    current = client.stages()["AWSCURRENT"]
    assert current != before and client.tags()["rotation/overlap-until"] > in_days(0)

    is_due(client)
    succeed(tmp_path, client, "playbooks/rotate_due.yml", changed=False, **theirs)
    assert client.stages()["AWSCURRENT"] == current
    ours = {**theirs, "rotation_runner": "ansible", "rotation_freezes": []}
    assert "would be left" in succeed(tmp_path, client, RUNNER, "--check", "-v", changed=True, **ours)
    assert runner(client) == "lambda" and parameter(client)
    succeed(tmp_path, client, RUNNER, changed=True, **ours)
    assert (runner(client), parameter(client)) == ("ansible", None)
    for check in ([], ["--check"]):
        succeed(tmp_path, client, RUNNER, *check, changed=False, **ours)


def test_onboarding_leaves_a_client_to_the_functions(newcomer: ManagedClient, tmp_path: Path) -> None:
    theirs = {"rotation_onboard_password": newcomer.password, "rotation_runner": "lambda", "rotation_lead": 3600}
    planned = onboard(tmp_path, newcomer, "--check", **theirs)
    assert planned.returncode == 0 and newcomer.told() == {} and parameter(newcomer) is None, said(planned)
    done = onboard(tmp_path, newcomer, **theirs)
    assert done.returncode == 0 and "WARNING" not in said(done), said(done)
    assert runner(newcomer) == "lambda" and parameter(newcomer) == {"rotation_lead": 3600}
    again = onboard(tmp_path, newcomer, **theirs)
    assert again.returncode == 0 and "changed=0" in again.stdout, said(again)
    planned = onboard(tmp_path, newcomer, "--check", **{**theirs, "rotation_lead": 7200})
    assert "changed=0" not in planned.stdout and parameter(newcomer) == {"rotation_lead": 3600}
    back = onboard(tmp_path, newcomer, **{**theirs, "rotation_runner": "ansible"})
    assert back.returncode == 0 and (runner(newcomer), parameter(newcomer)) == ("ansible", None), said(back)


def test_onboarding_asks_nothing_of_the_functions_where_there_are_none(
    newcomer: ManagedClient, tmp_path: Path, recording: AwsEmulator
) -> None:
    done = onboard(tmp_path, newcomer, rotation_onboard_password=newcomer.password)
    assert done.returncode == 0 and runner(newcomer) is None, said(done)
    asked = {request.operation for request in recording.recorded() if request.operation}
    assert asked <= {"CreateSecret", "DescribeSecret", "GetSecretValue", "ListSecrets", "TagResource"}


def test_a_client_that_no_function_can_rotate_stays(client: ManagedClient, tmp_path: Path) -> None:
    before = client.tags()
    refused = run(tmp_path, client, RUNNER, rotation_runner="lambda", rotation_hooks=["shop.yml"])
    assert refused.returncode == 2 and (client.tags(), parameter(client)) == (before, None)
    told = said(refused)
    assert f"{client.name}: stopped at step 'prepare': No Lambda function can rotate this client" in told
    assert "it cannot use rotation_hooks" in told and "(-e rotation_runner=ansible)" in told
    assert run(tmp_path, client, RUNNER, rotation_runner="both").returncode == 2 and client.tags() == before


def test_clients_of_a_listing_are_left_to_the_functions_by_name(client: ManagedClient, tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, [client])
    access = json.dumps({"rotation_endpoint_urls": {"default": client.aws.endpoint_url}, "rotation_runner": "lambda"})
    done = fleet.run("-l", client.name, "-e", access, name=RUNNER)
    assert done.returncode == 0 and runner(client) == "lambda" and parameter(client) is None, said(done)
    is_due(client)
    assert "no hosts matched" in said(fleet.run())
    done = fleet.run("-l", client.name, "-e", access.replace('"lambda"', '"ansible"'), name=RUNNER)
    assert done.returncode == 0 and runner(client) == "ansible", said(done)
    assert fleet.run().returncode == 0 and client.tags()["rotation/trigger"] == "scheduled"
    assert_settled(client)


@pytest.fixture
def stub(aws: AwsEmulator) -> Iterator[None]:
    """A function that Secrets Manager may call."""
    with stub_function(aws):
        yield


def test_secrets_manager_calls_the_function_where_that_is_wanted(
    stub: None, client: ManagedClient, tmp_path: Path
) -> None:
    theirs: dict[str, Any] = {"rotation_runner": "lambda", "rotation_native": True, "rotation_cycle_days": 30}
    assert f"would call {ARN} 37 days" in succeed(tmp_path, client, RUNNER, "--check", "-v", changed=True, **theirs)
    assert "RotationEnabled" not in client.told() and runner(client) is None
    succeed(tmp_path, client, RUNNER, changed=True, **theirs)
    told = client.told()
    assert (told["RotationEnabled"], told["RotationLambdaARN"]) == (True, ARN)
    assert told["RotationRules"] == {"AutomaticallyAfterDays": 37} and client.tags()["rotation/function"] == ARN
    for check in ([], ["--check"]):
        succeed(tmp_path, client, RUNNER, *check, changed=False, **theirs)
    ours = {**theirs, "rotation_runner": "ansible"}
    planned = succeed(tmp_path, client, RUNNER, "--check", changed=True, **ours)
    assert client.told()["RotationEnabled"], planned
    succeed(tmp_path, client, RUNNER, changed=True, **ours)
    assert not client.told()["RotationEnabled"] and client.tags()["rotation/function"] == ""
    assert (runner(client), parameter(client)) == ("ansible", None)
    succeed(tmp_path, client, RUNNER, changed=False, **ours)


def test_the_rotation_of_another_function_is_refused(client: ManagedClient, stub: None, tmp_path: Path) -> None:
    client.aws.client().rotate_secret(
        SecretId=client.secret_id,
        RotationLambdaARN=ARN,
        RotationRules={"AutomaticallyAfterDays": 30},
        RotateImmediately=False,
    )
    theirs: dict[str, Any] = {"rotation_runner": "lambda", "rotation_native": True}
    refused = run(tmp_path, client, RUNNER, rotation_native_function="another", **theirs)
    assert refused.returncode == 2 and "by another function" in said(refused), said(refused)
    assert "aws secretsmanager cancel-rotate-secret" in said(refused) and client.told()["RotationEnabled"]
