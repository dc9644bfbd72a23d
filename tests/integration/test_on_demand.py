# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person may ask of a rotation: not too soon, only the old ones, with hooks, without the old connections."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pymysql
import pytest
from by_hand import password_of
from deaths import AFTER_APPLY, AFTER_PROMOTE
from drift import change_by_hand
from managed import HOST, ManagedClient
from settled import assert_settled
from trouble import fence_of


def connect_as(client: ManagedClient, password: str) -> pymysql.connections.Connection[Any]:
    return pymysql.connect(
        host=HOST,
        port=client.server.port,
        user=client.user,
        password=password,
        ssl_ca=str(client.ca_file),
        ssl_verify_identity=True,
    )


def test_a_password_that_was_just_rotated_is_left_alone_and_told_whose_it_is(client: ManagedClient) -> None:
    client.rotate(min_age=600, requested_by="dba@example.com")
    current = client.stages()["AWSCURRENT"]
    result = client.rotate(min_age=600)
    assert (result["action"], result["changed"], client.stages()["AWSCURRENT"]) == ("nothing", False, current)
    (warning,) = result["warnings"]
    assert "seconds ago, at 20" in warning and "(on_demand, by dba@example.com)" in warning
    assert "rotation_force=true" in warning


def test_force_rotates_all_the_same(client: ManagedClient) -> None:
    client.rotate()
    result = client.rotate(min_age=600, force=True)
    assert (result["action"], result["forced"]) == ("rotate", True)
    assert_settled(client)


@pytest.mark.parametrize("death", [AFTER_APPLY, AFTER_PROMOTE], ids=str)
def test_what_is_unfinished_is_finished_however_young_it_is(client: ManagedClient, death: object) -> None:
    death.interrupt(client)  # type: ignore[attr-defined]
    assert client.rotate(min_age=600)["changed"]
    assert_settled(client)


def test_only_clients_that_were_rotated_before_a_moment(client: ManagedClient) -> None:
    client.rotate()
    before = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    result = client.rotate(before=before)
    assert (result["action"], result["changed"], result["warnings"]) == ("nothing", False, [])
    assert "not before" in result["decision"]
    assert client.rotate(before=(datetime.now(UTC) + timedelta(hours=1)).isoformat())["action"] == "rotate"


@pytest.mark.parametrize("text", ["yesterday", "2026-11-25T14:00:00"])
def test_a_moment_that_is_none_is_refused(mysql_client: ManagedClient, text: str) -> None:
    told = mysql_client.refused(before=text)
    assert told["code"] == "invalid_option" and "2026-11-25T14:00:00Z" in told["next_step"]


def test_old_connections_end_where_that_is_asked_for(client: ManagedClient) -> None:
    with connect_as(client, client.password) as intruder:
        assert client.rotate()["sessions_ended"] == 0
        intruder.ping(reconnect=False)
        assert client.rotate(kill_sessions=True)["sessions_ended"] == 1
        with pytest.raises(pymysql.err.Error):
            intruder.ping(reconnect=False)
    assert_settled(client)


def test_hooks_have_their_time_between_promotion_and_end(client: ManagedClient) -> None:
    result = client.rotate(steps="promote")
    assert result["waits_for_hooks"] and client.opens(client.password) and client.opens(client.stored()["password"])
    again = client.rotate(steps="promote")
    assert (again["waits_for_hooks"], again["action"], again["changed"]) == (True, "wait_for_hooks", False)
    assert client.rotate(steps="promote", trigger="scheduled")["waits_for_hooks"]
    done = client.rotate(steps="finish", requested_by="dba@example.com")
    assert not done["waits_for_hooks"] and done["changed"]
    assert (client.tags()["rotation/trigger"], client.tags()["rotation/by"]) == ("on_demand", "dba@example.com")
    assert_settled(client)


def test_a_promotion_that_dies_still_waits_for_its_hooks(client: ManagedClient) -> None:
    AFTER_PROMOTE.interrupt(client, steps="promote")
    old = password_of(client, client.stages()["AWSPREVIOUS"]) or ""
    assert client.rotate(steps="promote", trigger="scheduled")["waits_for_hooks"] and client.opens(old)
    client.rotate(steps="finish", trigger="scheduled")
    assert_settled(client)


def test_a_rollback_has_hooks_too(client: ManagedClient) -> None:
    client.rotate()
    assert client.rotate(steps="promote", trigger="rollback")["waits_for_hooks"]
    client.rotate(steps="finish", trigger="rollback")
    assert client.tags()["rotation/trigger"] == "rollback" and client.stored()["password"] == client.password
    assert_settled(client)


def test_finishing_with_an_overlap_keeps_the_old_password(client: ManagedClient) -> None:
    client.rotate(steps="promote", overlap=3600)
    client.rotate(steps="finish", overlap=3600)
    assert client.opens(client.password) and client.tags()["rotation/overlap-until"]


def test_a_scheduled_run_leaves_the_client_to_the_run_at_work(client: ManagedClient) -> None:
    with connect_as(client, client.password) as other, other.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (fence_of(client),))
        result = client.rotate(trigger="scheduled")
        assert (result["action"], result["changed"]) == ("busy", False)
        assert f"connection {other.thread_id()}" in result["msg"]
        assert client.refused()["code"] == "fence_busy"


def test_a_failure_has_its_reason_unless_a_password_is_in_it(client: ManagedClient) -> None:
    """Also one that this run had no cause to read; at the login only AWSCURRENT is known."""
    first = client.stored()["password"]
    client.rotate()
    change_by_hand(client)
    failed = client.run(reason="CHG-1042", trigger="on_demand")
    assert (failed["error"]["code"], failed["reason"]) == ("login_refused", "CHG-1042")
    for told in (f"it was {first}", client.stored()["password"]):
        failed = client.run(reason=told, trigger="on_demand")
        assert failed["failed"] and "reason" not in failed
        assert first not in str(failed) and client.stored()["password"] not in str(failed)
