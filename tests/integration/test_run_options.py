# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong option of a run is found once, before any client; one of a client fails that client. Whole playbooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cycle import is_due
from guarded_fleet import FLEETS, Fleet
from managed import AT_ONCE, ManagedClient, playbook, write_inventory
from playbook_runs import Run, said, single
from topic import Mailbox
from waves import run_fleet, versions

pytestmark = pytest.mark.slow

ALLOWED = "Set rotation_per_server to a number from 1 to 64, or to 0 for no limit."
SHARED = "Options are wrong in the same way for all"
WRONG = {"rotation_per_server": 100}
# Each with what its guard needs to let it go on to the options.
FEW = ("-l", "tier_gold")
CHECKED: dict[str, tuple[str, ...]] = {
    "rotate.yml": FEW,
    "playbooks/rotate_due.yml": (),
    "playbooks/rotate_fleet.yml": (*FEW, "-e", "rotation_canaries=client_acme"),
    "playbooks/rollback.yml": FEW,
    "playbooks/onboard.yml": FEW,
    "playbooks/offboard.yml": FEW,
    "playbooks/reconcile.yml": FEW,
    "playbooks/access.yml": FEW,
    "playbooks/runner.yml": FEW,
    "playbooks/restore.yml": (*FEW, "-e", "rotation_backup_file=backup"),
    "playbooks/verify.yml": (),
    "playbooks/doctor.yml": (),
    "playbooks/status.yml": (),
}


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path).write(FLEETS["three"])


@pytest.mark.parametrize("name", ["rotate.yml", "playbooks/rotate_due.yml"])
def test_a_wrong_option_of_the_run_is_told_once_and_to_nobody_else(
    clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox, name: str
) -> None:
    for client in clients:
        is_due(client)
    before, tagged = versions(clients), [client.tags() for client in clients]
    run = run_fleet(clients, tmp_path, mailbox, name, **WRONG)
    assert run.returncode == 2 and said(run).count("fatal: [") == 1, said(run)
    assert f"{SHARED} 3 clients:" in said(run) and ALLOWED in said(run)
    assert versions(clients) == before and [client.tags() for client in clients] == tagged
    assert mailbox.read() == []


def over(clients: list[ManagedClient], folder: Path, mailbox: Mailbox, own: list[dict[str, Any]]) -> Run:
    """Rotate these clients at once, each with variables of its own."""
    common = {"rotation_topic_arn": mailbox.topic}
    hosts = {client.name: client.variables(**common, **more) for client, more in zip(clients, own, strict=True)}
    given = ("-i", str(write_inventory(folder, hosts)), "-e", "rotation_everything=true", *AT_ONCE)
    return playbook("rotate.yml", *given)


def test_a_wrong_option_of_one_client_fails_that_client_alone(
    clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox
) -> None:
    before = versions(clients)
    run = over(clients, tmp_path, mailbox, [WRONG, {}, {}])
    changed = [was != now for was, now in zip(before, versions(clients), strict=True)]
    assert run.returncode == 2 and changed == [False, True, True] and SHARED not in said(run), said(run)
    assert f"{clients[0].name}: stopped at step 'prepare'" in said(run) and f"Next: {ALLOWED}" in said(run)
    told = sorted((notice["event"], notice["client"]) for notice in mailbox.read())
    assert told == [("failed", clients[0].name), *sorted(("rotated", client.name) for client in clients[1:])]


def test_wrong_options_that_differ_fail_each_client(
    clients: list[ManagedClient], tmp_path: Path, mailbox: Mailbox
) -> None:
    before = versions(clients)
    run = over(clients, tmp_path, mailbox, [WRONG, {"rotation_per_server": 99}, {"rotation_overlap": -1}])
    assert run.returncode == 2 and versions(clients) == before and SHARED not in said(run), said(run)
    assert {notice["event"] for notice in mailbox.read()} == {"failed"}


@pytest.mark.parametrize("name", CHECKED)
def test_every_playbook_checks_before_any_client(fleet: Fleet, name: str) -> None:
    wrong = json.dumps({**WRONG, "rotation_tls_mode": "maybe", "rotation_windows": "always"})
    status, told = fleet.told(name, None, *CHECKED[name], "-e", wrong)
    assert status == 2 and told.count("fatal: [") == 1, told
    assert ALLOWED in told and "rotation_tls_mode must be one of verify_identity, verify_ca, disabled." in told
    assert "rotation_windows must be a list of dictionaries with days (may be left out)," in told
    assert "Nothing was changed, and no notice was sent." in told


def test_an_option_that_cannot_be_computed_is_told_once(fleet: Fleet) -> None:
    status, told = fleet.told("rotate.yml", "tier_gold", "-e", json.dumps({"rotation_overlap": "{{ nowhere }}"}))
    assert status == 2 and told.count("fatal: [") == 1
    assert f"{SHARED} 2 clients: rotation_overlap cannot be computed: 'nowhere' is undefined." in told


@pytest.mark.parametrize("extra", [True, False], ids=["extra", "inventory"])
def test_of_a_single_client_only_the_command_is_the_run(fleet: Fleet, extra: bool) -> None:
    """In the inventory it may be the client's own, of which people hear."""
    deadline = {"rotation_deadline": -1}
    fleet.write({"client_acme": {"rotation_region": "eu-central-1", **({} if extra else deadline)}})
    given = ("-e", json.dumps(deadline)) if extra else ()
    status, told = fleet.told("rotate.yml", "client_acme", *given)
    assert status == 2 and ("Options are wrong for this run: The deadline must be" in told) is extra, told
    assert ("client_acme: stopped at step 'prepare'" in told) is not extra


def test_a_value_is_not_repeated(fleet: Fleet) -> None:
    status, told = fleet.told("rotate.yml", "tier_gold", "-e", json.dumps({"rotation_deadline": "hunter2"}))
    assert status == 2 and "rotation_deadline must be a number." in told and "hunter2" not in told


@pytest.mark.parametrize("asked", ["rotation_force=true", "rotation_reconcile_version=AWSPREVIOUS"])
def test_a_relaunch_does_not_repeat_what_was_asked_for_once(
    mysql_client: ManagedClient, tmp_path: Path, asked: str
) -> None:
    name = "rotate.yml" if "force" in asked else "playbooks/reconcile.yml"
    before = mysql_client.stages()
    given = ("-i", single(tmp_path, mysql_client), "-l", mysql_client.name, "-e", asked)
    relaunched = playbook(name, *given, "-e", "awx_job_launch_type=relaunch")
    assert relaunched.returncode == 2 and "Launch the template instead" in said(relaunched), said(relaunched)
    assert mysql_client.stages() == before
    if "force" in asked:
        assert playbook(name, *given, "-e", "awx_job_launch_type=manual").returncode == 0
