# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager's own rotation calls the rotation function in four steps, on real servers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from administration import loaded
from function_calls import Call, call, visit
from functions_at_work import Functions, at_work, fresh, tagged
from managed import MakeClient, ManagedClient, secrets_manager
from rotation_service import FUNCTION_ARN, STEPS, RotationService
from trouble import changed_globally
from world.aws import AwsEmulator
from world.certificates import Authority
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import forget_clients
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.rotation_function import rotation

POLICY = "'file://component_validate_password'"
MOST_CALLS = 17
MOST_CALLS_OF_A_REPEATED_STEP = 4
# The tag of the notice, which is no part of a rotation.
NOTICE_CALLS = 1
ROTATION_TOKEN = "5ec7e7ab-0000-4000-8000-70c3e4000000"


@pytest.fixture
def functions(aws: AwsEmulator, authority: Authority) -> Iterator[Functions]:
    with at_work(aws, authority) as found:
        yield found


@pytest.fixture
def service(functions: Functions, aws: AwsEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[RotationService]:
    def ask(operation: str, **arguments: Any) -> Any:
        return getattr(secrets_manager(aws), operation)(**arguments)

    with RotationService(aws.endpoint_url, ask) as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.endpoint_url)
        forget_clients()
        yield found


def native(client: ManagedClient, service: RotationService) -> ManagedClient:
    """Return a client that Secrets Manager rotates, too; every run asks where that is known."""
    tagged(fresh(client), **{tags.FUNCTION: FUNCTION_ARN})
    service.enable(client.secret_id)
    client.options |= {"endpoint_url": service.endpoint_url, "endpoint_urls": {"default": service.endpoint_url}}
    return client


def step(event: dict[str, str]) -> Call:
    done = call(rotation, event)
    if done.raised:
        raise done.raised
    return done


def failing(service: RotationService, client: ManagedClient, name: str, token: str) -> tuple[str, Call]:
    """Return the code of a step that fails, and the call."""
    done = call(rotation, service.event(client.secret_id, name, token))
    assert isinstance(done.raised, RotationError)
    return done.raised.code, done


def versions(client: ManagedClient) -> int:
    answer = secrets_manager(client.aws).list_secret_version_ids(SecretId=client.secret_id, IncludeDeprecated=True)
    return len(answer["Versions"])


def assert_rotated(client: ManagedClient, version: str, old: str) -> None:
    new = client.stored()["password"]
    assert client.stages()["AWSCURRENT"] == client.tags()[tags.VERSION] == version
    assert new != old and client.opens(new) and not client.opens(old)


def test_four_steps_rotate_and_tell_once(
    service: RotationService, functions: Functions, client: ManagedClient, caplog: pytest.LogCaptureFixture
) -> None:
    native(client, service)
    caplog.set_level("DEBUG")
    before, service.calls = versions(client), type(service.calls)()
    done: list[Call] = []
    token = service.rotate(
        client.secret_id, lambda event: done.append(step({**event, "RotationToken": ROTATION_TOKEN}))
    )
    assert_rotated(client, token, client.password)
    assert service.calls.total() - NOTICE_CALLS <= MOST_CALLS, service.calls
    assert versions(client) == before + 1
    (event,) = [event for one in done for event in one.of("rotation")]
    assert (event["playbook"], event["trigger"], event["requested_by"]) == (
        "lambda/native",
        "on_demand",
        "secretsmanager",
    )
    (notice,) = functions.notices()
    assert (notice["event"], notice["version_id"]) == ("rotated", token)
    written = f"{[one.output for one in done]} {caplog.text}"
    for secret in (client.password, client.stored()["password"], ROTATION_TOKEN, "ClientRequestToken"):
        assert secret not in written


def test_a_step_that_comes_again_after_the_end_does_nothing(service: RotationService, client: ManagedClient) -> None:
    token = service.rotate(native(client, service).secret_id, step)
    stages, password = client.stages(), client.stored()["password"]
    for name in STEPS:
        service.calls.clear()
        step(service.event(client.secret_id, name, token))
        assert service.calls.total() <= MOST_CALLS_OF_A_REPEATED_STEP, (name, service.calls)
    assert (client.stages(), client.stored()["password"]) == (stages, password)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_run_of_ansible_between_the_steps_ends_with_the_reserved_version(
    service: RotationService, mysql_client: ManagedClient, steps: int
) -> None:
    client = native(mysql_client, service)
    token = service.reserve(client.secret_id)
    for name in STEPS[:steps]:
        step(service.event(client.secret_id, name, token))
    assert client.rotate(trigger="scheduled")["rotated"]
    assert_rotated(client, token, client.password)
    for name in STEPS:
        step(service.event(client.secret_id, name, token))
    assert_rotated(client, token, client.password)


def test_a_person_takes_over_from_secrets_manager_and_its_steps_are_refused(
    service: RotationService, functions: Functions, mysql_client: ManagedClient
) -> None:
    client = native(mysql_client, service)
    token = service.reserve(client.secret_id)
    version = client.rotate()["version_id"]
    for name in ("createSecret", "testSecret", "finishSecret"):
        code, done = failing(service, client, name, token)
        assert code == "token_stale" and done.of("rotation")[0]["outcome"] == "refused"
    assert_rotated(client, version, client.password)
    assert functions.notices() == [] and client.tags()[tags.FAILURES] == "count=0"


@pytest.mark.slow
def test_twenty_rotations_by_ansible_by_message_and_by_four_steps_leave_one_version_each(
    service: RotationService, functions: Functions, client: ManagedClient
) -> None:
    native(client, service)
    before = versions(client)
    for number in range(20):
        old = client.stored()["password"]
        if number % 3 == 0:
            client.rotate()
        elif number % 3 == 1:
            tagged(client, **{tags.LAST: "2026-01-01T00:00:00Z", tags.DUE: "2026-02-10T00:00:00Z"})
            functions.send(visit(client.name, client.secret_id))
            assert [done.raised for done in functions.work_off()] == [None]
        else:
            service.rotate(client.secret_id, step)
        assert versions(client) == before + number + 1
        assert_rotated(client, client.stages()["AWSCURRENT"], old)
        assert client.tags()[tags.DUE] > "2026-02-10T00:00:00Z"


def test_a_sweep_finishes_what_secrets_manager_gave_up(
    service: RotationService, functions: Functions, client: ManagedClient
) -> None:
    token = service.reserve(native(client, service).secret_id)
    step(service.event(client.secret_id, "createSecret", token))
    functions.send(visit(client.name, client.secret_id))
    assert [done.raised for done in functions.work_off()] == [None]
    assert_rotated(client, token, client.password)


def test_a_failure_that_comes_again_is_counted_and_told_once(
    service: RotationService, functions: Functions, mysql_client: ManagedClient
) -> None:
    client = native(mysql_client, service)
    for host in client.hosts:
        client.sql(f"ALTER USER `{client.user}`@`{host}` IDENTIFIED BY 'Changed-By-Hand-1'")
    token = service.reserve(client.secret_id)
    for code in ("login_refused", "known_refused", "known_refused"):
        failed, done = failing(service, client, "createSecret", token)
        assert failed == code and f"createSecret failed: {code}" in str(done.raised)
        time.sleep(1.1)  # of two failures within a second, people are told once anyway
    assert [notice["code"] for notice in functions.notices()] == ["login_refused", "known_refused"]
    assert client.tags()[tags.FAILURES].startswith("count=3 ")


def test_ed25519_rows_go_through_the_four_steps(
    service: RotationService, make_client: MakeClient, ed25519_server: DatabaseServer
) -> None:
    client = make_client(ed25519_server)
    client.create_secret()
    client.server.create_account(client.user, client.hosts, client.password, "ed25519")
    token = service.rotate(native(client, service).secret_id, step)
    assert_rotated(client, token, client.password)


def test_a_replica_region_that_lags_keeps_the_old_password_until_it_has_the_new_one(
    service: RotationService, client: ManagedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    native(client, service)
    monkeypatch.setenv("ROTATION_REPLICA_WAIT", "0")
    service.replica = "InProgress"
    token = service.rotate(client.secret_id, step)
    new = client.stored()["password"]
    assert client.stages()["AWSCURRENT"] == token and client.opens(new) and client.opens(client.password)
    service.replica = "InSync"
    step(service.event(client.secret_id, "finishSecret", token))
    assert_rotated(client, token, client.password)


def test_a_password_that_the_servers_policy_refuses_by_then_gives_way_to_another(
    service: RotationService, functions: Functions, mysql_client: ManagedClient
) -> None:
    client = native(mysql_client, service)
    token = service.reserve(client.secret_id)
    step(service.event(client.secret_id, "createSecret", token))
    stored = client.stored("AWSPENDING")["password"]
    with loaded(client.server, f"COMPONENT {POLICY}"), changed_globally(client, **{"validate_password.length": 48}):
        done = step(service.event(client.secret_id, "finishSecret", token))
    assert f"warning: {client.name}: Version" in done.output and token in done.output
    assert_rotated(client, client.stages()["AWSCURRENT"], client.password)
    assert client.stages()["AWSCURRENT"] != token and not client.opens(stored)
    assert [notice["event"] for notice in functions.notices()] == ["rotated"]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"Step": "stealSecret"}, "none of the steps"),
        ({"SecretId": ""}, "has not all of"),
        ({"ClientRequestToken": None}, "has not all of"),
        ({"ClientRequestToken": "x" * 36}, "no UUID"),
        ({"RotationToken": 7}, "no text"),
    ],
)
def test_a_call_that_is_none_of_secrets_manager_is_refused_before_anything_is_read(
    service: RotationService, mysql_client: ManagedClient, event: dict[str, Any], said: str
) -> None:
    right = service.event(mysql_client.secret_id, "finishSecret", "0b0b0b0b-0000-4000-8000-000000000000")
    service.calls.clear()
    done = call(rotation, {**right, **event})
    assert isinstance(done.raised, RotationError) and done.raised.code == "invalid_event"
    assert said in str(done.raised)
    assert not service.calls


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda service, client: service.functions.clear(), "rotation_disabled"),
        (lambda service, client: service.enable(client.secret_id, f"{FUNCTION_ARN}-other"), "secret_rotation_enabled"),
        (lambda service, client: tagged(client, **{tags.CLIENT: ""}), "unknown_client"),
    ],
    ids=["disabled", "another function", "no client's"],
)
def test_what_is_not_ours_is_refused_and_nothing_changed(
    service: RotationService, mysql_client: ManagedClient, change: Any, code: str
) -> None:
    client = native(mysql_client, service)
    token = service.reserve(client.secret_id)
    change(service, client)
    stages = client.stages()
    assert failing(service, client, "finishSecret", token)[0] == code
    assert client.stages() == stages and client.opens(client.password)
