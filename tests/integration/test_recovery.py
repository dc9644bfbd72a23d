# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that dies, or a person who moves labels, at any point: a password always works and one more run finishes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from administration import sql
from by_hand import move, password_of, put, put_current
from cycle import is_over
from deaths import AFTER_APPLY, AFTER_DISCARD, AFTER_FIRST_ROW, AFTER_PROMOTE, AFTER_PUT, DEATHS, Death
from managed import MakeClient, ManagedClient
from running import running
from settled import assert_settled
from telling import UNCHANGED, assert_refused, assert_silent, failure
from world.certificates import Authority, Certificate
from world.databases import DatabaseServer

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
HOLD_ONE = ("ed25519", "caching_sha2_password")
# What is said where AWSCURRENT does not open the server. On MariaDB, whose rows may hold one password only, a newer
# AWSPENDING is tried before that is said.
WRONG = "The server refused the stored password"
REFUSED = {"step": "open", "state": UNCHANGED, "next_step": "Find out whether somebody"}
DRIFT = {"step": "decide", "next_step": "Bring them together with the password that works now: ansible-playbook"}


@pytest.fixture(scope="module")
def caching_sha2_password_server(
    workspace: Path, authority: Authority, server_certificate: Certificate
) -> Iterator[DatabaseServer]:
    """The MariaDB that has the caching_sha2_password plugin."""
    for server in running(
        DatabaseServer(
            "mariadb-sid", workspace / "mariadb-sid", ca_file=authority.ca_file, certificate=server_certificate
        )
    ):
        sql(server, "INSTALL SONAME 'auth_mysql_sha2'")
        yield server


@pytest.fixture(params=["mysql", "mariadb", *HOLD_ONE])
def any_client(request: pytest.FixtureRequest, make_client: MakeClient) -> ManagedClient:
    """A client on each kind of server, and those whose rows cannot hold two passwords."""
    server: DatabaseServer = request.getfixturevalue(f"{request.param}_server")
    client = make_client(server)
    plugin = request.param if request.param in HOLD_ONE else None
    server.create_account(client.user, client.hosts, client.password, plugin)
    client.create_secret()
    return client


def holds_two(client: ManagedClient) -> bool:
    """Whether the rows of this client can hold an old password beside the new one."""
    if client.server.flavor == "mysql":
        return True
    return not client.sql("SELECT 1 FROM mysql.user WHERE User = %s AND plugin IN %s", client.user, HOLD_ONE)


def labelled_that_open(client: ManagedClient) -> set[str]:
    """The stages whose version's password opens the server."""
    return {stage for stage, version in client.stages().items() if client.opens(password_of(client, version) or "-")}


@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_a_run_that_dies_is_finished_by_the_next(any_client: ManagedClient, death: Death) -> None:
    if death is AFTER_FIRST_ROW and any_client.server.flavor == "mysql":
        pytest.skip("MySQL changes all rows in one statement")
    death.interrupt(any_client)
    opening = labelled_that_open(any_client)
    assert opening, "P1"
    assert CURRENT in opening or not holds_two(any_client), "P2"
    result = any_client.rotate()
    assert result["logins"]["failed"] <= (0 if CURRENT in opening else 1)
    assert_silent(any_client, result)
    assert_settled(any_client)


@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_a_scheduled_run_finishes_too_though_nothing_is_due(mariadb_client: ManagedClient, death: Death) -> None:
    death.interrupt(mariadb_client)
    assert mariadb_client.rotate(trigger="scheduled")["logins"]["failed"] == 0
    assert_settled(mariadb_client)


@pytest.mark.parametrize(
    ("death", "action", "reason"),
    [
        (AFTER_PUT, "resume", "An earlier run had stored a new password and not sent it."),
        (AFTER_APPLY, "finish", "An earlier run had set the new password on 2 of 2 rows and not finished."),
        (AFTER_PROMOTE, "discard_old", "The password was changed, but the old one is still valid."),
        (AFTER_DISCARD, "record", "Everything is done but the tags that say so."),
    ],
    ids=str,
)
def test_an_unattended_run_finishes_and_begins_nothing(
    client: ManagedClient, death: Death, action: str, reason: str
) -> None:
    death.interrupt(client)
    begun = client.stages().get(PENDING, client.stages()[CURRENT])
    predicted = client.rotate(trigger="recovery", check=True)
    assert (predicted["action"], predicted["decision"]) == (action, reason)
    assert predicted["msg"].endswith(f"): {reason}")
    result = client.rotate(trigger="recovery")
    assert (result["action"], result["decision"], result["version_id"]) == (action, reason, begun)
    assert_settled(client)


@pytest.mark.parametrize("deaths", [(AFTER_PUT, AFTER_APPLY, AFTER_PROMOTE), (AFTER_APPLY,) * 3, (AFTER_PROMOTE,) * 3])
def test_several_deaths_in_a_row(client: ManagedClient, deaths: tuple[Death, ...]) -> None:
    for death in deaths:
        death.interrupt(client)
        assert CURRENT in labelled_that_open(client)
    assert client.rotate()["logins"]["failed"] == 0
    assert_settled(client)


@pytest.mark.parametrize("death", [AFTER_APPLY, AFTER_PROMOTE], ids=str)
def test_a_check_of_an_unfinished_rotation_changes_nothing(client: ManagedClient, death: Death) -> None:
    death.interrupt(client)
    before = (client.stages(), client.tags(), labelled_that_open(client))
    assert client.rotate(check=True)["changed"]
    assert (client.stages(), client.tags(), labelled_that_open(client)) == before


def test_a_pending_label_that_is_taken_away_after_the_change(client: ManagedClient) -> None:
    AFTER_APPLY.interrupt(client)
    lost = client.stages()[PENDING]
    move(client, PENDING, None)
    result = client.rotate(trigger="recovery")
    assert result["action"] == "finish" and result["version_id"] != lost
    assert client.stored()["password"] == password_of(client, lost), "what is on the rows is kept, in a new version"
    assert_settled(client)


def test_a_current_label_that_is_moved_back_while_both_passwords_work(client: ManagedClient) -> None:
    AFTER_PROMOTE.interrupt(client)
    old, new = client.stages()[PREVIOUS], client.stages()[CURRENT]
    move(client, CURRENT, old)
    told = assert_refused(
        client,
        f"AWSCURRENT is the older of the two passwords on {client.user}@%, {client.user}@localhost: somebody",
        step="decide",
        next_step=f"To go back to the older password: ansible-playbook playbooks/rollback.yml -l {client.name}.",
    )
    assert told["code"] == "label_moved_back" and client.opens(password_of(client, new) or "")
    move(client, CURRENT, new)
    client.rotate(trigger="recovery")
    assert_settled(client)


def test_a_current_label_that_is_moved_back_when_the_old_password_is_gone(client: ManagedClient) -> None:
    client.rotate()
    new = client.stages()[CURRENT]
    move(client, CURRENT, client.stages()[PREVIOUS])
    before = client.stages()
    moved = {
        **REFUSED,
        "next_step": f"To let the server follow the label: ansible-playbook playbooks/rollback.yml -l {client.name}",
    }
    failure(client, WRONG, **moved)
    assert client.stages() == before and client.opens(password_of(client, new) or "")


@pytest.mark.parametrize("text", ["not JSON", "[]", "{}", '{"password": "x"}'])
def test_garbage_under_pending_is_replaced(client: ManagedClient, text: str) -> None:
    garbage = put(client, PENDING, text)
    result = client.rotate()
    assert result["decision"].startswith("AWSPENDING holds a version that cannot be trusted")
    assert garbage not in client.stages().values()
    assert_settled(client)


@pytest.mark.parametrize(
    "keys",
    [{"host": "db.elsewhere.example"}, {"note": "a key more"}, {"password": "chosen by a person"}],
    ids=["other host", "one more key", "not our generator"],
)
@pytest.mark.parametrize("trigger", ["on_demand", "scheduled"])
def test_a_foreign_version_under_pending_is_not_used(client: ManagedClient, keys: dict[str, Any], trigger: str) -> None:
    generated = {"password": f"Aa1-Bb2_{uuid.uuid4().hex[:23]}9"}
    foreign = put(client, PENDING, json.dumps(client.document(**{**generated, **keys})))
    result = client.rotate(trigger=trigger)
    assert foreign not in client.stages().values() and result["version_id"] != foreign
    assert client.stored() == client.document(password=client.stored()["password"])
    assert client.stored()["password"] != password_of(client, foreign)
    assert_settled(client)


def test_a_pending_version_of_our_own_kind_is_used(client: ManagedClient) -> None:
    AFTER_PUT.interrupt(client)
    stored = client.stages()[PENDING]
    assert client.rotate()["version_id"] == stored
    assert_settled(client)


def test_new_keys_of_a_person_survive_an_unfinished_rotation(client: ManagedClient) -> None:
    AFTER_APPLY.interrupt(client)
    put_current(client, dbname="orders")
    result = client.rotate(trigger="recovery")
    assert result["action"] == "finish" and client.stored()["dbname"] == "orders"
    assert_settled(client)


def test_a_wrong_password_of_a_person_during_a_rotation_is_drift(client: ManagedClient) -> None:
    AFTER_APPLY.interrupt(client)
    put_current(client, password="wrong-horse")
    before = client.stages()
    told = failure(client, WRONG, **REFUSED)
    assert f"playbooks/reconcile.yml -l {client.name}" in told["next_step"]
    assert client.stages() == before
    assert client.opens(client.password) and client.opens(password_of(client, before[PENDING]) or "")


def test_a_version_that_was_current_is_never_used_again(client: ManagedClient) -> None:
    client.rotate()
    client.rotate()
    former = client.stages()[PREVIOUS]
    move(client, PENDING, former)
    assert client.rotate()["version_id"] != former
    assert_settled(client)


def test_a_rotation_that_was_not_recorded_is_not_due_again(client: ManagedClient) -> None:
    client.rotate()
    is_over(client)
    AFTER_DISCARD.interrupt(client, trigger="scheduled")
    current = client.stages()[CURRENT]
    assert client.rotate(trigger="scheduled")["action"] == "record"
    assert client.stages()[CURRENT] == current
    assert_settled(client)


def test_an_edited_key_does_not_begin_the_cycle_anew(client: ManagedClient) -> None:
    client.rotate()
    due = client.tags()["rotation/due"]
    put_current(client, password=client.stored()["password"], dbname="orders")
    told = client.tags()["rotation/notified"]
    result = client.rotate(trigger="scheduled")
    assert (result["action"], result["rotated"]) == ("record", False)
    assert (client.tags()["rotation/due"], client.tags()["rotation/notified"]) == (due, told)
    is_over(client)
    put_current(client, password=client.stored()["password"], dbname="stock")
    assert client.rotate(trigger="scheduled")["action"] == "rotate"
    assert_settled(client)
