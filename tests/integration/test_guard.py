# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of the limit: what a limit selects decides, and not how it is written. Whole playbooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from guarded_fleet import FLEETS, NO_HOSTS, REFUSED, UNKNOWN, WENT_ON, Fleet
from managed import ROOT

VERDICTS = (REFUSED, UNKNOWN, NO_HOSTS, WENT_ON)

# limit: what happens on a fleet of three, and on a fleet of one.
LIMITS: dict[str | None, tuple[str, str]] = {
    None: (REFUSED, WENT_ON),
    "": (REFUSED, WENT_ON),
    " ": (REFUSED, WENT_ON),
    ",": (REFUSED, WENT_ON),
    ":": (REFUSED, WENT_ON),
    "all": (REFUSED, WENT_ON),
    "all,": (REFUSED, WENT_ON),
    "all:all": (REFUSED, WENT_ON),
    "*": (REFUSED, WENT_ON),
    "~.*": (REFUSED, WENT_ON),
    "~client_.*": (REFUSED, WENT_ON),
    "!nobody": (REFUSED, UNKNOWN),
    "!nobody_*": (REFUSED, WENT_ON),
    "!bastion": (REFUSED, WENT_ON),
    "clients": (REFUSED, WENT_ON),
    "clients:bastion": (REFUSED, WENT_ON),
    "clients[0:9]": (REFUSED, WENT_ON),
    "client_*": (REFUSED, WENT_ON),
    "@three.txt": (REFUSED, WENT_ON),
    "client_acme,client_globex,client_initech": (REFUSED, UNKNOWN),
    "client_acme,tier_gold,client_initech": (REFUSED, UNKNOWN),
    "all:!tier_gold": (WENT_ON, UNKNOWN),
    "clients:!client_initech": (WENT_ON, UNKNOWN),
    "all:!client_acme": (WENT_ON, WENT_ON),
    "all:&client_acme": (WENT_ON, WENT_ON),
    "client_acme": (WENT_ON, WENT_ON),
    " client_acme ": (WENT_ON, WENT_ON),
    "client_acme:": (WENT_ON, WENT_ON),
    ",client_acme": (WENT_ON, WENT_ON),
    "client_acme,client_acme": (WENT_ON, WENT_ON),
    "client_acme, client_globex": (WENT_ON, UNKNOWN),
    "tier_gold": (WENT_ON, NO_HOSTS),
    "clients[0]": (WENT_ON, WENT_ON),
    "clients[0:1]": (WENT_ON, WENT_ON),
    "~client_(acme|globex)": (WENT_ON, WENT_ON),
    "@one.txt": (WENT_ON, WENT_ON),
    "client_acme,nobody_*": (WENT_ON, WENT_ON),
    "client_acme,client_typo": (UNKNOWN, UNKNOWN),
    "client_acme:!client_typo": (UNKNOWN, UNKNOWN),
    "client_acme,localhost": (UNKNOWN, UNKNOWN),
    "client_typo": (NO_HOSTS, NO_HOSTS),
    "localhost": (NO_HOSTS, NO_HOSTS),
    "clients[5:9]": (NO_HOSTS, NO_HOSTS),
}


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path).write(FLEETS["three"])


def many(runs: list[list[str]]) -> list[dict[str, Any]]:
    """Run playbooks one after the other, without loading Ansible for each."""
    command = [sys.executable, str(ROOT / "tests/support/forked_playbooks.py")]
    given = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
    lines = "".join(f"{json.dumps(arguments)}\n" for arguments in runs)
    done = subprocess.run(
        command, cwd=ROOT, env=given, input=lines, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize(("size", "column"), [("three", 0), ("one", 1)])
def test_what_a_limit_selects_decides(tmp_path: Path, size: str, column: int) -> None:
    fleet = Fleet(tmp_path).write(FLEETS[size])
    ran = many([fleet.arguments(str(tmp_path / "play.yml"), limit) for limit in LIMITS])
    found, expected = {}, {}
    for (limit, verdicts), run in zip(LIMITS.items(), ran, strict=True):
        printed = " ".join(str(run["printed"]).split())
        found[limit] = [verdict for verdict in VERDICTS if verdict in printed]
        expected[limit] = [verdicts[column]]
        assert (run["status"] == 0) == (verdicts[column] == WENT_ON), (limit, printed)
    assert found == expected


GUARDED = {
    "rotate.yml": (),
    "playbooks/rotate.yml": (),
    "playbooks/rollback.yml": (),
    "playbooks/reconcile.yml": (),
    "playbooks/onboard.yml": (),
    "playbooks/offboard.yml": (),
    "playbooks/access.yml": (),
    "playbooks/runner.yml": (),
    "playbooks/restore.yml": ("-e", "rotation_backup_file=backup"),
    "playbooks/rotate_fleet.yml": ("-e", "rotation_canaries=client_acme"),
}


@pytest.mark.parametrize("name", GUARDED)
def test_a_variable_that_is_not_set_rotates_nobody(fleet: Fleet, name: str) -> None:
    """What `unset CLIENT; ansible-playbook rotate.yml -l "$CLIENT"` gives to Ansible."""
    status, told = fleet.told(name, "", *GUARDED[name])
    assert status == 2
    assert f"{REFUSED} 3 of them; the limit '' leaves out no client. Nothing was changed." in told
    assert told.count("fatal: [") == 1 and "changed=1" not in told


def test_no_limit_at_all_is_told(fleet: Fleet) -> None:
    status, told = fleet.told("rotate.yml", None)
    assert status == 2 and f"{REFUSED} 3 of them; no limit was given. Nothing was changed." in told


def test_the_hosts_that_a_run_is_given_are_its_fleet(fleet: Fleet) -> None:
    """Other hosts of the inventory are no clients then, and do not make a run over every client one over a few."""
    chosen = ("-e", "rotation_hosts=tier_gold")
    status, told = fleet.told("rotate.yml", "~.*", *chosen)
    assert status == 2 and f"{REFUSED} 2 of them; the limit '~.*' leaves out no client." in told
    status, told = fleet.told(str(fleet.folder / "play.yml"), "client_acme", *chosen)
    assert status == 0 and WENT_ON in told


def test_both_plays_of_canaries_and_others_are_guarded_as_one(fleet: Fleet) -> None:
    given = ("-e", "rotation_canaries=client_acme", "--list-tags")
    assert fleet.told("playbooks/rotate_fleet.yml", None, *given)[0] == 0
    few = ("-e", "rotation_canaries=client_acme", "-e", "rotation_secret_id=no:name rotation_region=eu-central-1")
    status, told = fleet.told("playbooks/rotate_fleet.yml", "tier_gold", *few)
    assert status != 0 and REFUSED not in told and "client_acme: stopped at step" in told


def test_a_limit_that_leaves_no_canary_rotates_nobody(fleet: Fleet) -> None:
    """Otherwise the others would go first, as if all canaries had succeeded."""
    given = ("-e", "rotation_canaries=client_acme", "-e", "rotation_secret_id=no:name rotation_region=eu-central-1")
    status, told = fleet.told("playbooks/rotate_fleet.yml", "client_globex", *given)
    assert status == 2 and "The limit leaves none of the canaries" in told and "stopped at step" not in told, told


@pytest.mark.parametrize(
    ("task", "what"),
    [
        ("Rotate the root password", "guard of the limit"),
        ("Stop here unless the old password waits for hooks", "rotation"),
        ("Load the hooks", "guard of the limit"),
        ("Run a hook", "guard of the limit"),
        ("Discard the old password after its overlap", "guard of the limit"),
    ],
)
def test_a_guard_that_was_passed_over_is_a_refusal(fleet: Fleet, task: str, what: str) -> None:
    """Also where a variable of the tasks is set from outside."""
    given = ("-e", json.dumps({"rotation_wanted": True, "rotation_hooks": ["hook.yml"]}))
    status, told = fleet.told("rotate.yml", None, "--start-at-task", task, *given)
    assert status != 0 and f"The {what} was passed over (--start-at-task?)" in told, told
    assert "ok: [" not in told and "changed: [" not in told


@pytest.mark.parametrize("tags", [("--skip-tags", "always"), ("--tags", "untagged"), ("--tags", "all,never")])
def test_no_choice_of_tags_takes_the_guard_alone(fleet: Fleet, tags: tuple[str, str]) -> None:
    status, told = fleet.told("rotate.yml", "", *tags)
    assert status == 2 and f"{REFUSED} 3 of them" in told


def test_a_limit_is_told_on_one_line(fleet: Fleet) -> None:
    """By us; Ansible's own warning repeats it as it is."""
    status, told = fleet.told("rotate.yml", "client_acme,x\x1b]0;owned\x07\nfatal: ALL GOOD")
    assert status == 2 and UNKNOWN in told
    assert "The limit names x ]0;owned fatal: ALL GOOD, but" in told
