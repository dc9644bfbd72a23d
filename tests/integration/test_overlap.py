# SPDX-License-Identifier: GPL-3.0-or-later
"""The old password stays valid for as long as somebody asked, and not longer."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from by_hand import move
from cycle import OVERLAP, in_days, is_over, pass_by, set_tags
from deaths import AFTER_APPLY, AFTER_PROMOTE
from managed import ManagedClient, playbook, write_inventory
from settled import assert_settled, opening


def scheduled_run(client: ManagedClient, folder: Path) -> subprocess.CompletedProcess[str]:
    inventory = write_inventory(folder, {client.name: client.variables()})
    return playbook("playbooks/rotate_due.yml", "-i", str(inventory))


def test_both_passwords_work_until_the_overlap_is_over(client: ManagedClient) -> None:
    result = client.rotate(overlap=3600)
    until = datetime.fromisoformat(client.tags()[OVERLAP])
    assert timedelta(minutes=59) < until - datetime.now(UTC) < timedelta(minutes=61)
    assert f"the old password stays valid until {client.tags()[OVERLAP]}" in result["msg"]
    assert result["rotation"]["overlap_until"] == client.tags()[OVERLAP]
    assert opening(client) == ["AWSCURRENT", "AWSPREVIOUS"]
    assert client.rotate(trigger="scheduled")["action"] == "nothing"
    pass_by(client)
    assert client.rotate(trigger="scheduled")["action"] == "discard_old"
    assert client.tags()[OVERLAP] == ""
    assert_settled(client)


def test_a_scheduled_rotation_waits_for_the_end_of_an_overlap(client: ManagedClient) -> None:
    client.rotate(overlap=3600)
    is_over(client)
    result = client.rotate(trigger="scheduled")
    assert (result["action"], result["changed"]) == ("nothing", False)
    assert "waits for its end" in result["decision"]
    pass_by(client)
    assert client.rotate(trigger="scheduled")["action"] == "discard_old"
    is_over(client)
    assert client.rotate(trigger="scheduled")["action"] == "rotate"
    assert_settled(client)


def test_a_persons_rotation_ends_an_overlap_and_says_so(client: ManagedClient) -> None:
    client.rotate(overlap=3600)
    result = client.rotate()
    assert result["action"] == "rotate"
    assert [text for text in result["warnings"] if "was promised to stay valid for longer" in text]
    assert opening(client) == ["AWSCURRENT"]
    assert_settled(client)


@pytest.mark.parametrize("death", [AFTER_APPLY, AFTER_PROMOTE], ids=str)
def test_an_overlap_outlives_the_run_that_promised_it(client: ManagedClient, death: object) -> None:
    death.interrupt(client, overlap=3600)  # type: ignore[attr-defined]
    old = client.password
    client.rotate(trigger="recovery")
    assert client.opens(old) and client.opens(client.stored()["password"])
    assert client.tags()["rotation/version"] == client.stages()["AWSCURRENT"]
    assert client.rotate(trigger="scheduled")["action"] == "nothing"
    pass_by(client)
    client.rotate(trigger="recovery")
    assert not client.opens(old)
    assert_settled(client)


def test_an_overlap_costs_one_call_more(mysql_client: ManagedClient) -> None:
    mysql_client.rotate()
    assert mysql_client.rotate(overlap=60)["secretsmanager_calls"]["total"] == 7


@pytest.mark.parametrize("until", ["8999-12-31T00:00:00Z", "9999-12-31T00:00:00Z", "for ever"])
def test_a_tag_cannot_keep_an_old_password_for_ever(client: ManagedClient, tmp_path: Path, until: str) -> None:
    client.rotate(overlap=3600)
    set_tags(client, {OVERLAP: until})
    set_tags(client, {"rotation/last": in_days(-29)})
    run = scheduled_run(client, tmp_path)
    told = " ".join((run.stdout + run.stderr).split())
    assert run.returncode == 0 and f"The tag {OVERLAP} of the secret" in told, told
    if until.startswith("8999"):
        left = datetime.fromisoformat(client.tags()[OVERLAP]) - datetime.now(UTC)
        assert timedelta(hours=23) < left < timedelta(days=1)
        assert opening(client) == ["AWSCURRENT", "AWSPREVIOUS"]
        set_tags(client, {OVERLAP: until})
        set_tags(client, {"rotation/last": in_days(-31)})
        assert scheduled_run(client, tmp_path).returncode == 0
    assert opening(client) == ["AWSCURRENT"] and client.tags()[OVERLAP] == ""
    assert_settled(client)


def test_an_overlap_counts_from_the_run_that_promised_it(client: ManagedClient) -> None:
    """Though it died before it could write when that was, and the rotation before it is long ago."""
    client.rotate()
    client.password = client.stored()["password"]
    set_tags(client, {"rotation/last": in_days(-35)})
    AFTER_APPLY.interrupt(client, overlap=3600, min_age=0)
    client.rotate(trigger="recovery")
    assert client.opens(client.password) and client.opens(client.stored()["password"])
    assert datetime.fromisoformat(client.tags()[OVERLAP]) - datetime.now(UTC) > timedelta(minutes=50)


def test_an_overlap_of_a_rollback_counts_from_the_rollback(client: ManagedClient) -> None:
    client.rotate()
    set_tags(client, {"rotation/last": in_days(-35)})
    client.rotate(trigger="rollback", overlap=3600)
    assert client.rotate(trigger="scheduled")["action"] == "nothing"
    assert opening(client) == ["AWSCURRENT", "AWSPREVIOUS"]


@pytest.mark.parametrize("seconds", [-1, 31 * 86400])
def test_an_overlap_that_makes_no_sense_is_refused(mysql_client: ManagedClient, seconds: int) -> None:
    told = mysql_client.refused(overlap=seconds)
    allowed = "Set rotation_overlap to a number of seconds from 0 to 2592000."
    assert (told["code"], told["step"], told["next_step"]) == ("invalid_option", "prepare", allowed)


def test_a_second_password_that_is_discarded_by_hand_ends_the_overlap(mysql_client: ManagedClient) -> None:
    mysql_client.rotate(overlap=3600)
    for host in mysql_client.hosts:
        mysql_client.sql("ALTER USER %s@%s DISCARD OLD PASSWORD", mysql_client.user, host)
    pass_by(mysql_client)
    assert mysql_client.rotate(trigger="scheduled")["action"] == "record"
    assert_settled(mysql_client)


def test_a_label_moved_back_during_an_overlap_is_refused_and_both_stay(client: ManagedClient) -> None:
    client.rotate(overlap=3600)
    move(client, "AWSCURRENT", client.stages()["AWSPREVIOUS"])
    for trigger in ("scheduled", "on_demand"):
        assert client.refused(trigger=trigger)["code"] == "label_moved_back"
    assert opening(client) == ["AWSCURRENT", "AWSPREVIOUS"]
