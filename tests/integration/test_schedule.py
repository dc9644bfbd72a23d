# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedule: what it installs, below a folder of the test, and that it rotates what is due."""

from __future__ import annotations

import getpass
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cycle import is_due
from machine import Machine
from managed import ANSIBLE_PLAYBOOK, ManagedClient, write_inventory
from playbook_runs import said
from topic import Mailbox
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator

pytestmark = pytest.mark.slow


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


STARTED_BY = {
    "systemd": {"systemd/rotation-due.service", "systemd/rotation-due.timer"},
    "cron": {"cron/rotation-due"},
}
COMMON = {"bin/rotation-due", "logrotate/rotation-due"}


@pytest.mark.parametrize(("kind", "other"), [("systemd", "cron"), ("cron", "systemd")])
def test_a_check_says_what_a_run_does_and_a_second_run_does_nothing(machine: Machine, kind: str, other: str) -> None:
    checked = machine.play("--check", "--diff", kind=kind)
    assert checked.returncode == 0 and "+#!/usr/bin/env bash" in checked.stdout, said(checked)
    assert machine.installed() == set()
    machine.install(kind=kind)
    assert machine.installed() == COMMON | STARTED_BY[kind]
    again = machine.play(kind=kind)
    assert again.returncode == 0 and "changed=0" in again.stdout, said(again)
    machine.install(kind=other)
    assert machine.installed() == COMMON | STARTED_BY[other]


def test_what_was_installed_is_removed_and_the_logs_only_when_asked(machine: Machine) -> None:
    machine.install(kind="cron", cron_minute="17")
    lines = (machine.folder / "cron/rotation-due").read_text().splitlines()
    assert lines == ["#Ansible: rotation-due", f"17 * * * * {getpass.getuser()} {machine.script} >/dev/null"]
    assert machine.run().returncode == 0
    (machine.folder / "home/notes").write_text("kept")
    machine.install(state="absent")
    assert machine.installed() == {"home/notes", "log/rotation-due.log"}
    machine.install(state="absent", purge=True)
    assert machine.installed() == set()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_units(machine: Machine) -> None:
    machine.install(busy_status=75)
    units = [str(machine.folder / unit) for unit in sorted(STARTED_BY["systemd"])]
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    assert (run.returncode, [line for line in run.stderr.splitlines() if "rotation-due" in line]) == (0, [])
    timer = Path(units[1]).read_text()
    assert "Persistent=true" in timer and "RandomizedDelaySec=600" in timer


@pytest.mark.skipif(shutil.which("logrotate") is None, reason="logrotate is not installed")
def test_logrotate_finds_nothing_wrong(machine: Machine) -> None:
    machine.install()
    command = ["logrotate", "--debug", str(machine.folder / "logrotate/rotation-due")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0 and "error" not in run.stderr, run.stderr


def test_a_playbook_of_a_checkout_needs_the_checkout(machine: Machine) -> None:
    run = machine.play(project="", playbook="playbooks/rotate_due.yml")
    assert run.returncode == 2 and "Name the checkout in rotation_schedule_project" in said(run)
    assert machine.installed() == set()


@pytest.mark.parametrize("name", ["playbooks/rotate_due.yml", "dbops.rotation.rotate_due"])
def test_a_client_that_is_due_is_rotated_and_a_failure_reaches_the_topic(
    machine: Machine, mysql_client: ManagedClient, aws: AwsEmulator, name: str
) -> None:
    client, mailbox = mysql_client, Mailbox(aws, f"schedule-{mysql_client.user}")
    client.rotate()
    is_due(client)
    old = client.stored()["password"]
    inventory = str(write_inventory(machine.folder, {client.name: client.variables()}))
    machine.install(
        ansible_playbook=ANSIBLE_PLAYBOOK, playbook=name, inventory=inventory, topic_arn=mailbox.topic, kind="cron"
    )
    access = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_DEFAULT_REGION": REGION}
    environment = {**access, "AWS_ENDPOINT_URL": aws.endpoint_url, "NO_PROXY": "127.0.0.1"}
    assert machine.run(**environment).returncode == 0, machine.log
    assert client.opens(client.stored()["password"]) and not client.opens(old)
    client.sql(f"DROP USER `{client.user}`@`localhost`, `{client.user}`@`%`")
    is_due(client)
    assert machine.run(**environment).returncode == 2, machine.log
    (envelope,) = texts(mailbox)
    assert "with status 2" in envelope["Subject"]
    assert f"{client.name}: stopped at step 'open'" in " ".join(envelope["Message"].split())
    assert client.stored()["password"] not in machine.log


def texts(mailbox: Mailbox) -> list[dict[str, str]]:
    answer = mailbox.sqs.receive_message(QueueUrl=mailbox.queue, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]
