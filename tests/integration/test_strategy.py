# SPDX-License-Identifier: GPL-3.0-or-later
"""Another strategy in the environment or in ansible.cfg changes nothing: whole playbooks."""

from __future__ import annotations

from pathlib import Path

import pytest
from cycle import is_due
from managed import MakeClient, ManagedClient
from playbook_runs import said
from topic import Mailbox
from waves import lose_account, run_fleet, versions
from world.databases import DatabaseServer

pytestmark = pytest.mark.slow


@pytest.fixture
def clients(make_client: MakeClient, mysql_server: DatabaseServer) -> list[ManagedClient]:
    return [make_client(mysql_server).create() for _number in range(4)]


@pytest.fixture(params=["free", "host_pinned"])
def strategy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ANSIBLE_STRATEGY", request.param)
    return str(request.param)


def test_a_scheduled_run_rotates_all_that_is_due(
    strategy: str, clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox
) -> None:
    for client in clients:
        is_due(client)
    before = versions(clients)
    run = run_fleet(clients, tmp_path, mailbox, "playbooks/rotate_due.yml")
    assert run.returncode == 0 and not set(before) & set(versions(clients)), said(run)
    assert "Using run_once" not in said(run)


def test_the_budget_of_failures_stops_the_run_before_the_next_wave(
    strategy: str, clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox
) -> None:
    lose_account(clients[0])
    before = versions(clients)
    run = run_fleet(clients, tmp_path, mailbox, rotation_waves=[2, "100%"], rotation_failure_budget=10)
    changed = [was != now for was, now in zip(before, versions(clients), strict=True)]
    assert run.returncode == 2 and changed == [False, True, False, False], said(run)
    told = sorted((notice["event"], notice["client"]) for notice in mailbox.read())
    assert told == [("failed", clients[0].name), ("rotated", clients[1].name)]
