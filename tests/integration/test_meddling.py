# SPDX-License-Identifier: GPL-3.0-or-later
"""A person changes the account while a rotation is at work, before each of its statements in turn."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from drift import change_by_hand
from managed import MakeClient, ManagedClient
from meddling import at_statement
from settled import assert_settled
from telling import assert_silent
from trouble import account_rows
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._context import context as context_module

BY_HAND = "Set-by-hand-4711"
SECOND = "Second-by-hand-4711"
# What a rotation that met a person may end with; none of them says that it is done.
STOPPED = {"changed_meanwhile", "not_discarded", "not_applied", "drift", "login_refused", "foreign_secondary"}


@pytest.fixture(autouse=True)
def consistent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets Manager does not contradict itself here, so nothing is looked at again for that."""
    monkeypatch.setattr(context_module, "CONSISTENCY_SECONDS", 0.0)


def on_every_row(client: ManagedClient) -> None:
    change_by_hand(client, BY_HAND)


def on_one_row(client: ManagedClient) -> None:
    change_by_hand(client, BY_HAND, (client.hosts[1],))


def with_a_second(client: ManagedClient) -> None:
    """A second password that no version of the secret knows, beside the one that is the first now."""
    for host in client.hosts:
        (stored,) = client.sql(
            "SELECT authentication_string FROM mysql.user WHERE User=%s AND Host=%s", client.user, host
        )
        client.sql("ALTER USER %s@%s IDENTIFIED BY %s", client.user, host, SECOND)
        as_hash = "ALTER USER %s@%s IDENTIFIED WITH caching_sha2_password AS %s RETAIN CURRENT PASSWORD"
        client.sql(as_hash, client.user, host, stored[0])


def is_done(client: ManagedClient) -> bool:
    """Whether the tags say that everything is done for AWSCURRENT."""
    return client.tags().get("rotation/version") == client.stages()["AWSCURRENT"]


@pytest.mark.parametrize("deed", [on_every_row, on_one_row, with_a_second])
def test_nothing_is_told_as_done_that_a_person_has_undone(
    make_client: MakeClient, server: DatabaseServer, deed: Callable[[ManagedClient], None]
) -> None:
    if deed is with_a_second and server.flavor == "mariadb":
        pytest.skip("MariaDB's methods are equal: another one is foreign and survives every change")
    seen: set[str] = set()
    for number in itertools.count(1):
        client = make_client(server).create()
        with at_statement(number, lambda client=client: deed(client)) as moment:  # type: ignore[misc]
            result: dict[str, Any] = client.run(overlap=0)
        if not moment.came:
            break
        assert_silent(client, result)
        told = not result.get("failed")
        read_last = max(index for index, text in enumerate(moment.statements, 1) if "FROM mysql." in text)
        if told and number > read_last:
            continue
        assert told is is_done(client), (number, moment.step, result["msg"])
        if told:
            # What the person did was seen: a row of his own is left as it is, and named; of ours none is behind.
            assert result["rotated"] and client.opens(client.stored()["password"])
            continue
        seen.add(result["error"]["code"])
        assert result["error"]["state"] and result["error"]["next_step"]
    assert 15 < number < 40 and seen <= STOPPED, seen
    assert seen & {"changed_meanwhile", "not_discarded"}


def test_a_change_between_verify_and_discard_is_told_with_what_to_do(client: ManagedClient) -> None:
    client.rotate()
    with at_statement(number_of(client, "DISCARD", "IDENTIFIED VIA"), lambda: on_every_row(client)):
        error = client.refused()
    assert (error["code"], error["step"]) == ("changed_meanwhile", "confirm")
    names = ", ".join(sorted(f"{client.user}@{host}" for host in client.hosts))
    assert error["cause"].startswith(f"Somebody changed {names} while the rotation was at work: AWSCURRENT's password")
    assert error["state"].startswith(f"AWSCURRENT is version {client.stages()['AWSCURRENT']}, whose password does not")
    assert "run the same command again" in error["next_step"]
    assert f"playbooks/reconcile.yml -l {client.name}" in error["next_step"]
    assert not is_done(client) and client.opens(BY_HAND)
    assert client.run(trigger="scheduled")["failed"]


def number_of(client: ManagedClient, *words: str) -> int:
    """Rotate, and give the place of the last row read before the last statement with one of these words."""
    with at_statement(0, lambda: None) as moment:
        client.rotate()
    last = max(index for index, text in enumerate(moment.statements) if any(word in text for word in words))
    return max(index for index, text in enumerate(moment.statements[:last], 1) if "FROM mysql." in text)


def test_a_second_password_that_arises_before_the_change_is_seen_and_nothing_is_sent(
    mysql_client: ManagedClient,
) -> None:
    mysql_client.rotate()
    before = mysql_client.stored()["password"]
    with at_statement(0, lambda: None) as undisturbed:
        mysql_client.rotate()
    apply = next(index for index, text in enumerate(undisturbed.statements) if "RETAIN CURRENT" in text)
    assert "FROM mysql." in undisturbed.statements[apply - 1], "the rows are read right before"
    current = mysql_client.stored()["password"]
    assert current != before
    with at_statement(apply, lambda: with_a_second(mysql_client)):
        error = mysql_client.refused()
    assert (error["code"], error["step"]) == ("foreign_secondary", "decide")
    assert error["state"].startswith("The server was not changed; a new password is stored as AWSPENDING")
    assert mysql_client.opens(current) and mysql_client.opens(SECOND)


def test_a_rotation_asks_for_the_rows_no_more_often_than_it_has_to(client: ManagedClient) -> None:
    client.rotate()
    with at_statement(0, lambda: None) as moment:
        client.rotate()
    assert sum("FROM mysql." in text for text in moment.statements) == 5, moment.statements
    assert account_rows(client)
    assert_settled(client)
