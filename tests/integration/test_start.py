# SPDX-License-Identifier: GPL-3.0-or-later
"""From wherever a playbook is started: nothing is done in silence. Whole playbooks."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from awx_job import copy_of_the_project
from managed import ANSIBLE_PLAYBOOK, ROOT, ManagedClient, write_inventory
from playbook_runs import Run, said, single

pytestmark = pytest.mark.slow

NOBODY = "No client was selected: the inventory (/etc/ansible/hosts) has no host. Nothing was changed."
OFF = "The callbacks are off: this run keeps no audit trail and shows no progress and summary."
ACCEPTED = "rotation_without_callbacks=true"
NOTHING: dict[str, Any] = {"rotation_candidates": {}, "clients": {"hosts": {"client_acme": {}}}}
OF_CLIENTS = sorted(
    str(path.relative_to(ROOT))
    for path in [ROOT / "rotate.yml", *(ROOT / "playbooks").glob("*.yml")]
    if path.stem not in ("awx", "provision", "provision_lambda", "schedule_cron")
)


def started(folder: Path, playbook: Path, *arguments: str, **environment: str) -> Run:
    """Run a playbook in a folder, without any settings of Ansible from outside."""
    command = [ANSIBLE_PLAYBOOK, str(playbook), *arguments]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    given = {**inherited, "HOME": str(folder), "ANSIBLE_NOCOLOR": "1", **environment}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=180, check=False)


@pytest.mark.parametrize("name", OF_CLIENTS)
def test_another_folder_is_told_and_no_success(tmp_path: Path, name: str) -> None:
    run = started(tmp_path, ROOT / name, "-l", "client_acme")
    assert run.returncode == 4, said(run)
    why = f"Ansible did not read {ROOT}/ansible.cfg, because it was started in {tmp_path}."
    remedy = f"Next: cd {ROOT} and run the same command again; or name an inventory with -i."
    assert f"{NOBODY} {why} {remedy}" in said(run)


def test_a_checkout_that_everybody_may_write_to_is_told_until_it_is_mended(tmp_path: Path) -> None:
    checkout = copy_of_the_project(tmp_path / "checkout")
    checkout.chmod(0o777)
    run = started(checkout, checkout / "playbooks/rotate_due.yml")
    assert run.returncode == 4, said(run)
    why = f"Ansible ignored {checkout}/ansible.cfg, because everybody may write to that folder."
    remedy = f"chmod o-w {checkout}"
    assert f"{NOBODY} {why} Next: {remedy} and run the same command again;" in said(run)
    subprocess.run(remedy, shell=True, check=True)
    run = started(checkout, checkout / "playbooks/rotate_due.yml", "-e", "rotation_hosts=nobody")
    assert "'nobody' matches none of the 3 hosts of the inventory." in said(run) and OFF not in said(run)


def test_clients_are_rotated_without_callbacks_and_that_is_told(mysql_client: ManagedClient, tmp_path: Path) -> None:
    given = ("-i", single(tmp_path, mysql_client), "-l", mysql_client.name)
    run = started(tmp_path, ROOT / "rotate.yml", *given)
    assert run.returncode == 0 and mysql_client.stored()["password"] != mysql_client.password, said(run)
    assert said(run).count(f"[WARNING]: {OFF} Ansible did not read {ROOT}/ansible.cfg") == 1
    assert f"If you want that: -e {ACCEPTED}" in said(run)
    for accepted in (("-e", ACCEPTED), ()):
        environment = {} if accepted else {"ROTATION_WITHOUT_CALLBACKS": "true"}
        run = started(tmp_path, ROOT / "rotate.yml", *given, *accepted, **environment)
        assert run.returncode == 0 and OFF not in said(run), said(run)


def test_who_enables_the_callbacks_is_not_warned(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text("[defaults]\ncallbacks_enabled = dbops.rotation.rotation_audit\n")
    run = started(tmp_path, ROOT / "playbooks/rotate.yml", "-i", "client_acme,client_globex")
    assert run.returncode == 2 and "Name the clients with --limit" in said(run) and OFF not in said(run)


@pytest.mark.parametrize("arguments", [(), ("-l", "client_acme"), ("-e", "rotation_hosts=rotation_candidates")])
def test_a_fleet_in_which_nothing_is_due_is_a_success(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "fleet.json").write_text(json.dumps({"all": {"children": NOTHING}}))
    run = started(tmp_path, ROOT / "playbooks/rotate_due.yml", "-i", "fleet.json", "-e", ACCEPTED, *arguments)
    assert run.returncode == 0 and "skipping: no hosts matched" in said(run), said(run)


def test_a_host_of_which_the_listing_has_no_secret_is_told(tmp_path: Path) -> None:
    """As of a client whose secret was deleted; a jump host is none."""
    hosts: dict[str, Any] = {"client_lost": {}, "client_gone": {}, "gate": {"ansible_connection": "ssh"}}
    acme: dict[str, Any] = {"hosts": {"client_acme": {}}}  # a candidate, which fails because no region is set
    fleet = {"rotation_candidates": acme, "rotation_listed": {"children": {"clients": acme}}}
    (tmp_path / "fleet.json").write_text(json.dumps({"all": {"hosts": hosts, "children": fleet}}))
    run = started(tmp_path, ROOT / "playbooks/rotate_due.yml", "-i", "fleet.json", "-e", ACCEPTED)
    assert said(run).count("No scheduled run visits client_lost, client_gone:") == 1, said(run)
    for quiet in (("-l", "client_acme"), ("-e", "rotation_hosts=rotation_candidates")):
        run = started(tmp_path, ROOT / "playbooks/rotate_due.yml", "-i", "fleet.json", "-e", ACCEPTED, *quiet)
        assert run.returncode == 2 and "No scheduled run visits" not in said(run), said(run)


def test_where_a_file_of_the_inventory_could_not_be_read_nobody_is_missing_in_silence(tmp_path: Path) -> None:
    there = {"plugin": "dbops.rotation.fleet", "region": "eu-west-1", "group": "there", "ahead_days": -1}
    (tmp_path / "there.fleet.yml").write_text(json.dumps(there))
    (tmp_path / "here.json").write_text(json.dumps({"all": {"children": NOTHING}}))
    given = ("-i", "here.json", "-i", "there.fleet.yml", "-e", ACCEPTED)
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")}
    run = started(tmp_path, ROOT / "playbooks/rotate_due.yml", *given, **environment)
    assert run.returncode == 4 and "the clients of that file are missing. Nothing was changed." in said(run), said(run)
    assert "ahead_days is -1, which is not a number from 0 to 999" in said(run)


def test_a_listing_without_any_client_is_no_success(tmp_path: Path) -> None:
    """As of another account or region, where each scheduled run would end well for ever."""
    (tmp_path / "fleet.json").write_text(json.dumps({"all": {"children": {"rotation_candidates": {}, "clients": {}}}}))
    run = started(tmp_path, ROOT / "playbooks/rotate_due.yml", "-i", "fleet.json", "-e", ACCEPTED)
    assert run.returncode == 4 and "fleet.json) lists, none is a client. Nothing was changed." in said(run), said(run)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("rotate.yml", ("-e", "rotation_hosts=tier_typo"), "'tier_typo' matches none of the 2 hosts of the inventory."),
        (
            "playbooks/rotate_fleet.yml",
            ("-e", "rotation_hosts=tier_typo rotation_canaries=client_acme"),
            "'tier_typo' matches none of the 2 hosts of the inventory. Nothing was changed. Next: correct",
        ),
        (
            "playbooks/verify.yml",
            ("-e", "rotation_hosts=client_acme", "-l", "client_globex"),
            "The limit 'client_globex' leaves none of the hosts of 'client_acme'. Nothing was changed. Next: correct",
        ),
        (
            "playbooks/provision.yml",
            ("-l", "client_acme"),
            "The limit 'client_acme' leaves none of the hosts of 'localhost'.",
        ),
        (
            "playbooks/schedule_cron.yml",
            ("-e", "rotation_schedule_hosts=controller"),
            "'controller' matches none of the 2 hosts of the inventory. Nothing was changed. Next: correct"
            " rotation_schedule_hosts.",
        ),
    ],
)
def test_a_choice_that_selects_nobody_is_no_success(
    tmp_path: Path, name: str, arguments: tuple[str, ...], told: str
) -> None:
    inventory = str(write_inventory(tmp_path, {"client_acme": {}, "client_globex": {}}))
    run = started(tmp_path, ROOT / name, "-i", inventory, *arguments)
    assert run.returncode == 4 and told in said(run), said(run)


@pytest.mark.parametrize("option", ["--syntax-check", "--list-hosts", "--list-tasks", "--list-tags"])
def test_who_only_looks_needs_no_inventory(tmp_path: Path, option: str) -> None:
    run = started(tmp_path, ROOT / "playbooks/rotate.yml", option)
    assert run.returncode == 0 and "callbacks" not in said(run), said(run)
