# SPDX-License-Identifier: GPL-3.0-or-later
"""A run over many clients stops before its next wave where too many fail, with everyone told of what was done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cycle import is_due
from managed import MakeClient, ManagedClient
from playbook_runs import said
from topic import Mailbox
from waves import lose_account, run_fleet, versions
from world.databases import DatabaseServer

WAVES: dict[str, Any] = {"rotation_waves": [3, "100%"], "rotation_failure_budget": 30}


@pytest.fixture
def clients(make_client: MakeClient, mysql_server: DatabaseServer) -> list[ManagedClient]:
    return [make_client(mysql_server).create() for _number in range(5)]


def test_past_the_budget_the_run_stops_before_the_next_wave_and_everyone_hears_of_this_one(
    clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox
) -> None:
    lose_account(clients[1])
    before = versions(clients)
    run = run_fleet(clients, tmp_path, mailbox, **WAVES)
    changed = [was != now for was, now in zip(before, versions(clients), strict=True)]
    assert run.returncode == 2 and changed == [True, False, True, False, False], said(run)
    told = sorted((notice["event"], notice["client"]) for notice in mailbox.read())
    assert told == [("failed", clients[1].name), *sorted(("rotated", clients[n].name) for n in (0, 2))]
    assert f"not reached 2 {clients[3].name}, {clients[4].name}" in " ".join(run.stdout.split())


def test_the_same_command_with_the_moment_that_was_printed_does_the_rest(
    clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox
) -> None:
    password = clients[1].password
    lose_account(clients[1])
    run = run_fleet(clients, tmp_path, mailbox, **WAVES)
    moment = run.stdout.partition("rotation_before=")[2].split()[0]
    clients[1].server.create_account(clients[1].user, clients[1].hosts, password)
    before = versions(clients)
    run = run_fleet(clients, tmp_path, mailbox, rotation_before=moment, **WAVES)
    changed = [was != now for was, now in zip(before, versions(clients), strict=True)]
    assert run.returncode == 0 and changed == [False, True, False, True, True], said(run)


def test_nobody_follows_a_canary_that_fails(clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox) -> None:
    lose_account(clients[4])
    before = versions(clients)
    run = run_fleet(clients, tmp_path, mailbox, "playbooks/rotate_fleet.yml", rotation_canaries=clients[4].name)
    assert run.returncode == 2 and versions(clients) == before, said(run)
    assert [notice["event"] for notice in mailbox.read()] == ["failed"]


def test_without_canaries_nobody_is_touched(clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox) -> None:
    before = versions(clients)
    run = run_fleet(clients, tmp_path, mailbox, "playbooks/rotate_fleet.yml")
    assert run.returncode == 2 and versions(clients) == before, said(run)
    assert "Name the canaries with -e rotation_canaries=" in said(run)


def test_after_its_canaries_comes_the_fleet(clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox) -> None:
    before, canaries = versions(clients), f"{clients[4].name},{clients[1].name}"
    run = run_fleet(clients, tmp_path, mailbox, "playbooks/rotate_fleet.yml", rotation_canaries=canaries)
    assert run.returncode == 0 and not set(before) & set(versions(clients)), said(run)
    assert len(mailbox.read()) == len(clients)


def test_a_client_that_fails_keeps_no_scheduled_run_from_the_others(
    clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox
) -> None:
    for client in clients:
        is_due(client)
    lose_account(clients[0])
    before = versions(clients)
    run = run_fleet(clients, tmp_path, mailbox, "playbooks/rotate_due.yml")
    changed = [was != now for was, now in zip(before, versions(clients), strict=True)]
    assert run.returncode == 2 and changed == [False, True, True, True, True], said(run)


@pytest.mark.parametrize("list_from", [0, 1], ids=["without a listing", "with a listing"])
def test_a_scheduled_run_in_waves_visits_everybody(
    clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox, list_from: int
) -> None:
    for client in clients[1::2]:
        is_due(client)
    before = versions(clients)
    given = {"rotation_waves": [1, "100%"], "rotation_list_from": list_from}
    run = run_fleet(clients, tmp_path, mailbox, "playbooks/rotate_due.yml", **given)
    changed = [was != now for was, now in zip(before, versions(clients), strict=True)]
    assert run.returncode == 0 and changed == [False, True, False, True, False], said(run)
