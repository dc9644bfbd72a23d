# SPDX-License-Identifier: GPL-3.0-or-later
"""The previous password comes back in a new version, by the same steps as a rotation, and only for a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from by_hand import move, password_of, put_current
from deaths import AFTER_APPLY, AFTER_PROMOTE, AFTER_PUT
from managed import ManagedClient, playbook, write_inventory
from settled import assert_settled
from trouble import refused_logins


def assert_rolled_back(client: ManagedClient, former: str, password: str) -> None:
    """The password is the one that opens, in a version that never was current before, and due within a day."""
    current = client.stages()["AWSCURRENT"]
    assert current != former and client.stored()["password"] == password
    assert client.tags()["rotation/trigger"] == "rollback"
    assert client.tags()["rotation/rollback"] == current
    due = datetime.fromisoformat(client.tags()["rotation/due"])
    assert due - datetime.now(UTC) <= timedelta(days=1)
    assert_settled(client)


def test_the_previous_password_comes_back(client: ManagedClient) -> None:
    client.rotate()
    began = client.tags()["rotation/last"]
    former = client.stages()["AWSPREVIOUS"]
    result = client.rotate(trigger="rollback")
    assert (result["action"], result["logins"]["failed"]) == ("roll_back", 0)
    assert "rolled back to the previous password" in result["msg"]
    assert_rolled_back(client, former, client.password)
    assert client.tags()["rotation/last"] == began, "a rollback does not begin the cycle anew"


def test_a_second_rollback_changes_nothing(client: ManagedClient) -> None:
    client.rotate()
    client.rotate(trigger="rollback")
    result = client.rotate(trigger="rollback")
    assert (result["action"], result["changed"]) == ("nothing", False)
    assert client.stored()["password"] == client.password


def test_a_rotation_after_a_rollback_gives_a_new_password(client: ManagedClient) -> None:
    client.rotate()
    client.rotate(trigger="rollback")
    client.rotate()
    assert client.stored()["password"] != client.password
    assert client.tags()["rotation/trigger"] == "on_demand"
    assert_settled(client)


def test_check_mode_foresees_a_rollback(client: ManagedClient) -> None:
    client.rotate()
    before = client.stages()
    result = client.rotate(trigger="rollback", check=True)
    assert (result["action"], result["changed"]) == ("roll_back", True)
    assert "would roll back" in result["msg"] and client.stages() == before


def test_there_is_nothing_to_go_back_to(client: ManagedClient) -> None:
    told = client.refused(trigger="rollback")
    assert (told["code"], told["step"]) == ("nothing_to_restore", "decide")


def test_keys_that_were_added_meanwhile_are_kept(client: ManagedClient) -> None:
    client.rotate()
    put_current(client, password=client.stored()["password"], dbname="orders")
    move(client, "AWSPREVIOUS", sorted(set(every_version(client)) - set(client.stages().values()))[0])
    client.rotate(trigger="rollback")
    assert client.stored()["dbname"] == "orders"
    assert_settled(client)


def every_version(client: ManagedClient) -> list[str]:
    answer = client.aws.client().list_secret_version_ids(SecretId=client.secret_id, IncludeDeprecated=True)
    return [version["VersionId"] for version in answer["Versions"]]


def test_a_label_that_a_person_moved_back_is_followed_by_the_server(client: ManagedClient) -> None:
    client.rotate()
    former = client.stages()["AWSPREVIOUS"]
    move(client, "AWSCURRENT", former)
    assert not client.opens(client.password), "what the person did refuses every consumer"
    before = refused_logins(client)
    result = client.rotate(trigger="rollback")
    assert result["action"] == "roll_back" and "moved AWSCURRENT back" in result["decision"]
    assert refused_logins(client) == before, "labels and tags say which password is right"
    assert_rolled_back(client, former, client.password)


def test_a_label_moved_back_while_both_work_never_refuses_anybody(client: ManagedClient) -> None:
    client.rotate(overlap=3600)
    former = client.stages()["AWSPREVIOUS"]
    move(client, "AWSCURRENT", former)
    result = client.rotate(trigger="rollback")
    assert (result["action"], result["logins"]["failed"]) == ("roll_back", 0)
    assert_rolled_back(client, former, client.password)


def test_a_rollback_during_an_overlap_makes_the_old_password_first_again(client: ManagedClient) -> None:
    client.rotate(overlap=3600)
    former = client.stages()["AWSPREVIOUS"]
    result = client.rotate(trigger="rollback")
    assert result["action"] == "roll_back"
    assert_rolled_back(client, former, client.password)


@pytest.mark.parametrize("death", [AFTER_PUT, AFTER_APPLY, AFTER_PROMOTE], ids=str)
def test_a_rollback_that_dies_is_finished_by_the_next(client: ManagedClient, death: Any) -> None:
    client.rotate()
    former = client.stages()["AWSPREVIOUS"]
    death.interrupt(client, trigger="rollback")
    assert client.opens(client.stored()["password"])
    client.rotate(trigger="rollback")
    assert_rolled_back(client, former, client.password)


@pytest.mark.parametrize("death", [AFTER_APPLY, AFTER_PROMOTE], ids=str)
def test_a_schedule_that_finishes_a_rollback_records_a_rollback(client: ManagedClient, death: Any) -> None:
    client.rotate()
    former = client.stages()["AWSPREVIOUS"]
    death.interrupt(client, trigger="rollback")
    client.rotate(trigger="recovery")
    assert_rolled_back(client, former, client.password)


def test_a_rollback_that_was_only_stored_is_never_taken_for_a_new_password(client: ManagedClient) -> None:
    client.rotate()
    AFTER_PUT.interrupt(client, trigger="rollback")
    client.rotate()
    assert client.stored()["password"] != client.password
    assert_settled(client)


def test_a_rollback_of_an_unfinished_rotation_finishes_it_first(client: ManagedClient) -> None:
    AFTER_APPLY.interrupt(client)
    former = client.stages()["AWSCURRENT"]
    client.rotate(trigger="rollback")
    assert_rolled_back(client, former, client.password)


def test_a_password_history_does_not_forbid_a_rollback(mysql_client: ManagedClient) -> None:
    for host in mysql_client.hosts:
        mysql_client.sql("ALTER USER %s@%s PASSWORD HISTORY 5", mysql_client.user, host)
    mysql_client.rotate()
    mysql_client.rotate()
    former = mysql_client.stages()["AWSPREVIOUS"]
    password = password_of(mysql_client, former) or ""
    mysql_client.rotate(trigger="rollback")
    assert_rolled_back(mysql_client, former, password)


def test_the_playbook_rolls_one_client_back(client: ManagedClient, tmp_path: Path) -> None:
    client.rotate()
    inventory = str(write_inventory(tmp_path, {client.name: client.variables()}))
    run = playbook("playbooks/rollback.yml", "-i", inventory, "-l", client.name)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "rolled back to the previous password" in " ".join(run.stdout.split())
    assert client.opens(client.password)
    assert_settled(client)
