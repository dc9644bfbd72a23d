# SPDX-License-Identifier: GPL-3.0-or-later
"""What others do while a run is at work, and what a run says of a state that it did not make alone."""

from __future__ import annotations

import itertools
import json
import re
import time
from typing import Any

import pytest
from by_hand import move, put, put_current
from cycle import pass_by
from deaths import AFTER_APPLY, AFTER_PROMOTE, AFTER_PUT
from managed import MakeClient, ManagedClient
from meddling import at_statement
from running import MakeServer
from settled import assert_settled, opening
from trouble import refused_logins
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._context.context import FRESH_SECONDS, RotationContext
from ansible_collections.dbops.rotation.plugins.module_utils._context.login import Logins
from ansible_collections.dbops.rotation.plugins.module_utils._db.connection import Session
from ansible_collections.dbops.rotation.plugins.module_utils._errors import LoginRefused, RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login

# With it the old password ends: MySQL's words, or MariaDB's list of methods without it.
DISCARDING = re.compile("DISCARD OLD PASSWORD|IDENTIFIED VIA")


def denied(*_arguments: Any, **_named: Any) -> None:
    raise RotationError("AWS said no.", code="aws_denied")


def test_a_rotation_that_ends_between_read_and_login_is_no_drift(
    client: ManagedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.rotate()
    real = RotationContext.open
    runs: list[RotationContext] = []

    def open_late(run: RotationContext) -> None:
        if not runs:
            runs.append(run)
            client.rotate()
        real(run)

    monkeypatch.setattr(RotationContext, "open", open_late)
    assert client.rotate()["logins"] == {"succeeded": 2, "failed": 1}
    assert_settled(client)


def test_a_wrong_password_stored_while_a_login_is_refused_costs_no_second_one(
    client: ManagedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.rotate()
    put_current(client, password="wrong-by-hand-1")
    real = Logins.log_in

    def log_in(logins: Logins, login: Login) -> Session:
        try:
            return real(logins, login)
        except LoginRefused:
            put_current(client, password="wrong-by-hand-2")
            raise

    before = refused_logins(client)
    monkeypatch.setattr(Logins, "log_in", log_in)
    assert client.refused()["code"] == "login_refused"
    assert refused_logins(client) - before == 1


def test_a_label_moved_back_at_the_end_of_an_overlap_keeps_its_password(client: ManagedClient) -> None:
    for number in itertools.count(1):
        client.rotate(overlap=3600)
        pass_by(client)
        kept = client.stages()["AWSPREVIOUS"]
        with at_statement(number, lambda kept=kept: move(client, "AWSCURRENT", kept)) as moment:  # type: ignore[misc]
            client.run(trigger="recovery")
        if moment.came and DISCARDING.search(moment.statements[number - 1]):
            break  # what is under way cannot be called back
        assert opening(client) == ["AWSCURRENT", "AWSPREVIOUS"], (number, moment.statements)
        client.rotate(trigger="rollback")
    assert number > 10


@pytest.mark.parametrize("moved", [True, False])
def test_tags_that_come_late_over_newer_ones_are_told(
    client: ManagedClient, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    client.rotate()
    real = SecretStore.tag

    def tag_late(store: SecretStore, tags: dict[str, str]) -> None:
        if moved:
            put_current(client, password=client.stored()["password"], note="of another run")
        time.sleep(FRESH_SECONDS)
        real(store, tags)

    monkeypatch.setattr(SecretStore, "tag", tag_late)
    warnings = client.rotate()["warnings"]
    assert any("may have taken the place of newer ones" in text for text in warnings) is moved


def test_another_server_is_accepted_only_if_no_other_secret_holds_the_account(
    make_server: MakeServer, make_client: MakeClient, mysql_server: DatabaseServer
) -> None:
    moved = make_client(make_server("mysql")).create()
    moved.rotate()
    other = make_client(mysql_server, user=moved.user).create_account()
    other.options["secret_id"] = sibling = f"{moved.secret_id}/other"
    other.aws.client().create_secret(Name=sibling, SecretString=json.dumps(other.document()))
    server_id = other.rotate()["server"]["server_id"]
    document = other.aws.client().get_secret_value(SecretId=sibling, VersionStage="AWSCURRENT")["SecretString"]
    put(moved, "AWSCURRENT", document)
    assert moved.refused(accept_server_id=server_id)["code"] == "shared_account"
    assert other.opens(json.loads(document)["password"])
    other.aws.client().delete_secret(SecretId=sibling, ForceDeleteWithoutRecovery=True)


def test_the_state_is_that_of_the_password_at_hand(client: ManagedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    AFTER_PROMOTE.interrupt(client)
    monkeypatch.setattr(SecretStore, "promote", denied)
    told = client.refused()
    assert told["step"] == "promote"
    assert told["state"].startswith("Old and new password both open the server; AWSCURRENT is the old")
    monkeypatch.undo()
    client.rotate()
    assert_settled(client)


def test_a_label_moved_by_somebody_else_is_told(mysql_client: ManagedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    real = SecretStore.promote

    def promote_late(store: SecretStore, version_id: str, replacing: str) -> None:
        put_current(mysql_client, password="wrong-by-hand")
        real(store, version_id, replacing)

    monkeypatch.setattr(SecretStore, "promote", promote_late)
    monkeypatch.setattr(
        "ansible_collections.dbops.rotation.plugins.module_utils._context.context.CONSISTENCY_SECONDS", 0
    )
    told = mysql_client.refused()
    assert told["code"] == "drift"
    assert told["state"].startswith("AWSCURRENT was moved by somebody else meanwhile; AWSPENDING (")


def test_check_mode_foresees_the_rotation_behind_the_settlement(client: ManagedClient) -> None:
    AFTER_PROMOTE.interrupt(client)
    foreseen = client.run(check=True, diff=True)
    assert foreseen["action"] == "rotate"
    assert foreseen["diff"]["after"]["AWSCURRENT"] == "(a new version)"
    assert client.rotate()["action"] == "rotate"
    assert_settled(client)


@pytest.mark.parametrize("death", [AFTER_PUT, AFTER_APPLY], ids=str)
def test_drift_beside_a_pending_version_costs_one_failed_login(client: ManagedClient, death: Any) -> None:
    death.interrupt(client)
    clause, value = client.server.password_clause("changed-by-hand-1")
    for host in client.hosts:
        client.sql(f"ALTER USER %s@%s {clause}", client.user, host, value)
    before = refused_logins(client)
    # On MySQL the old password is still the second one of the rows after that, and lets the run in.
    assert client.refused()["code"] in ("login_refused", "drift", "foreign_primary")
    assert refused_logins(client) - before <= 1
