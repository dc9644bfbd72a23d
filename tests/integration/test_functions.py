# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions on a real server: a sweep finds clients, messages and events rotate them, a crash brings one back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from function_calls import bus_event, call, detail, visit
from functions_at_work import Functions, at_work, due, fresh, tagged
from managed import ManagedClient, secrets_manager
from world.aws import AwsEmulator
from world.certificates import Authority
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.reset_function import reset_cycle
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.sweep_function import sweep

ASKED, RESET_ASKED = "Rotation Requested", "Cycle Reset Requested"


@pytest.fixture
def functions(aws: AwsEmulator, authority: Authority) -> Iterator[Functions]:
    with at_work(aws, authority) as found:
        yield found


def versions(client: ManagedClient) -> int:
    answer = secrets_manager(client.aws).list_secret_version_ids(SecretId=client.secret_id, IncludeDeprecated=True)
    return len(answer["Versions"])


def test_a_message_rotates_and_tells(
    functions: Functions, client: ManagedClient, caplog: pytest.LogCaptureFixture
) -> None:
    due(client)
    caplog.set_level(logging.DEBUG)
    functions.send(visit(client.name, client.secret_id))
    (done,) = functions.work_off()
    new = client.stored()["password"]
    assert done.raised is None and functions.left() == 0
    assert new != client.password and client.opens(new) and not client.opens(client.password)
    told = f"{done.output} {caplog.text}"
    assert new not in told and client.password not in told and "ClientRequestToken" not in told
    (event,) = done.of("rotation")
    assert (event["outcome"], event["playbook"], event["trigger"]) == ("succeeded", "lambda/rotate", "scheduled")
    (notice,) = functions.notices()
    assert (notice["event"], notice["version_id"]) == ("rotated", client.stages()["AWSCURRENT"])
    assert client.tags()[tags.NOTIFIED] == f"rotated={notice['version_id']}"
    functions.send(visit(client.name, client.secret_id))
    assert functions.work_off()[0].of("rotation") == [] and client.stored()["password"] == new


def test_an_event_that_comes_three_times_rotates_once(functions: Functions, mysql_client: ManagedClient) -> None:
    client = fresh(mysql_client)
    time.sleep(1.1)  # a time of the bus has whole seconds
    event = bus_event(ASKED, detail(client.name, requested_by="alice", force=True))
    for _time in range(3):
        functions.send(event)
    before, done = versions(client), functions.work_off()
    assert [one.raised for one in done] == [None] * 3 and functions.left() == 0
    assert [one.of("rotation")[0]["outcome"] for one in done] == ["succeeded", "left_alone", "left_alone"]
    assert versions(client) == before + 1 and client.opens(client.stored()["password"])
    (notice,) = functions.notices()
    assert (notice["event"], notice["reason"]) == ("rotated", "leaked in a ticket")
    assert notice["requested_by"] == "says to be alice" and client.tags()[tags.TRIGGER] == "on_demand"


def test_a_reset_counts_the_cycle_anew(functions: Functions, mysql_client: ManagedClient) -> None:
    client = fresh(mysql_client)
    tagged(client, **{tags.DUE: "2026-01-01T00:00:00Z"})
    done = call(reset_cycle, bus_event(RESET_ASKED, detail(client.name)))
    assert done.raised is None and done.of("cycle")[0]["outcome"] == "succeeded"
    assert client.tags()[tags.DUE] > "2026-01-01T00:00:00Z"
    functions.send(visit(client.name, client.secret_id))
    assert functions.work_off()[0].of("rotation") == []


def test_a_sweep_finds_three_of_five_and_they_are_rotated(
    functions: Functions, make_client: Callable[..., ManagedClient], mysql_server: DatabaseServer
) -> None:
    made = [make_client(mysql_server).create() for _number in range(5)]
    clients = [*map(fresh, made[:2]), *map(due, made[2:])]
    before = [client.stages() for client in clients]
    done = call(sweep, {})
    assert done.answer == {"clients": 3} and done.of("run")[0]["counts"]["candidates"] == 3
    assert [client.stages() for client in clients] == before
    assert [one.raised for one in functions.work_off()] == [None] * 3
    assert [client.stages() != stages for client, stages in zip(clients, before, strict=True)] == [False] * 2 + [
        True
    ] * 3
    assert call(sweep, {}).answer == {"clients": 0} and functions.left() == 0


def test_a_failure_is_told_once_and_the_message_is_done(functions: Functions, mysql_client: ManagedClient) -> None:
    client = due(mysql_client)
    for host in client.hosts:
        client.sql(f"ALTER USER `{client.user}`@`{host}` IDENTIFIED BY 'Changed-By-Hand-1'")
    functions.send(visit(client.name, client.secret_id))
    (done,) = functions.work_off()
    assert done.raised is None and functions.left() == 0
    (notice,) = functions.notices()
    assert (notice["event"], notice["failures"]) == ("failed", 1) and notice["code"]
    assert client.tags()[tags.FAILURES].startswith("count=1 ")
    assert "no function does it" in notice["next_step"] or "aws events put-events" in notice["next_step"]


def test_a_crash_lets_the_message_come_back_and_the_next_call_finishes(
    functions: Functions, client: ManagedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_given: Any, **_options: Any) -> Any:
        raise SystemExit(137)

    functions.send(visit(due(client).name, client.secret_id))
    with monkeypatch.context() as patch:
        patch.setattr(SecretStore, "promote", killed)
        (crashed,) = functions.work_off()
    assert isinstance(crashed.raised, SystemExit) and functions.left() == 1
    (done,) = functions.work_off()
    new = client.stored()["password"]
    assert done.raised is None and functions.left() == 0 and done.of("rotation")[0]["outcome"] == "succeeded"
    assert client.opens(new) and not client.opens(client.password)
    assert versions(client) == 3 and [notice["event"] for notice in functions.notices()] == ["rotated"]
