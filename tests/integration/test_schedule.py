# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedule: what it installs below a folder of the test, and its script, run for real."""

from __future__ import annotations

import getpass
import grp
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from managed import ManagedClient, playbook, write_inventory
from test_playbooks import Run, said
from test_rotate_due import Mailbox, is_due
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator

ROOT = Path(__file__).resolve().parents[2]
ANSIBLE_PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
TRUE, FALSE = shutil.which("true"), shutil.which("false")


class Machine:
    """A machine whose folders lie below one folder, with a sendmail that keeps what it is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("systemd", "cron", "logrotate", "bin"):
            (folder / name).mkdir()
        # ansible.builtin.cron looks for this program, and does not run it for a file of its own.
        self.program("crontab", "exit 1")
        self.sendmail = self.program("sendmail", f"cat >>{folder}/mail")
        self.given: dict[str, Any] = {}

    def program(self, name: str, text: str) -> Path:
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def play(self, *arguments: str, **variables: Any) -> Run:
        self.given |= {
            "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
            "rotation_schedule_user": getpass.getuser(),
            "rotation_schedule_group": grp.getgrgid(os.getgid()).gr_name,
            "rotation_schedule_manage_user": False,
            "rotation_schedule_activate": False,
            "rotation_schedule_ansible_playbook": TRUE,
            "rotation_schedule_project": str(ROOT),
            "rotation_schedule_sendmail": str(self.sendmail),
            "rotation_schedule_python": sys.executable,
            "rotation_schedule_script": str(self.script),
            "rotation_schedule_home": str(self.folder / "home"),
            "rotation_schedule_log_dir": str(self.folder / "log"),
            **{f"rotation_schedule_{name}_dir": str(self.folder / name) for name in ("systemd", "cron", "logrotate")},
        }
        given = json.dumps(self.given | {f"rotation_schedule_{name}": value for name, value in variables.items()})
        path = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}
        return playbook("playbooks/schedule_cron.yml", "-i", "localhost,", "-e", given, *arguments, environment=path)

    def install(self, **variables: Any) -> None:
        run = self.play("-c", "local", **variables)
        assert run.returncode == 0 and "WARNING" not in said(run), said(run)

    @property
    def script(self) -> Path:
        return self.folder / "bin/rotation-due"

    @property
    def log(self) -> str:
        return (self.folder / "log/rotation-due.log").read_text()

    @property
    def mail(self) -> str:
        path = self.folder / "mail"
        return path.read_text() if path.exists() else ""

    def run(self, **environment: str) -> Run:
        """Run the script as cron does, with hardly an environment."""
        given = {"PATH": "/usr/bin:/bin", **environment}
        return subprocess.run([self.script], env=given, capture_output=True, text=True, timeout=120, check=False)

    def installed(self) -> set[str]:
        own = {"bin/crontab", "bin/sendmail"}
        found = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}
        return found - own


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


UNITS = {"systemd/rotation-due.service", "systemd/rotation-due.timer"}
COMMON = {"bin/rotation-due", "logrotate/rotation-due"}


@pytest.mark.parametrize(("kind", "files"), [("systemd", UNITS), ("cron", {"cron/rotation-due"})])
def test_a_check_says_what_a_run_does_and_a_second_run_does_nothing(
    machine: Machine, kind: str, files: set[str]
) -> None:
    checked = machine.play("-c", "local", "--check", "--diff", kind=kind)
    assert checked.returncode == 0 and "+#!/usr/bin/env bash" in checked.stdout, said(checked)
    assert machine.installed() == set()
    machine.install(kind=kind)
    assert machine.installed() == COMMON | files
    again = machine.play("-c", "local", kind=kind)
    assert again.returncode == 0 and "changed=0" in again.stdout, said(again)


def test_what_was_installed_is_removed_and_the_logs_only_when_asked(machine: Machine) -> None:
    machine.install()
    assert machine.run().returncode == 0
    (machine.folder / "home/notes").write_text("kept")
    machine.install(state="absent")
    assert machine.installed() == {"home/notes", "log/rotation-due.log"}
    again = machine.play("-c", "local", state="absent")
    assert "changed=0" in again.stdout, said(again)
    machine.install(state="absent", purge=True)
    assert machine.installed() == set()


def test_the_other_kind_takes_the_place_of_the_first(machine: Machine) -> None:
    machine.install(kind="cron")
    machine.install(kind="systemd")
    assert machine.installed() == COMMON | UNITS
    machine.install(kind="cron")
    assert machine.installed() == COMMON | {"cron/rotation-due"}


def test_cron_is_given_one_line(machine: Machine) -> None:
    machine.install(kind="cron", cron_minute="17")
    lines = (machine.folder / "cron/rotation-due").read_text().splitlines()
    assert lines == ["#Ansible: rotation-due", f"17 * * * * {getpass.getuser()} {machine.script} >/dev/null"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_units(machine: Machine) -> None:
    machine.install(busy_status=75)
    units = [str(machine.folder / unit) for unit in sorted(UNITS)]
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


def test_a_run_that_succeeds_tells_nobody(machine: Machine) -> None:
    machine.install(mail_to="dba@example.com")
    run = machine.run()
    assert (run.returncode, run.stderr, machine.mail) == (0, "", "")
    assert "begins: " in machine.log and machine.log.endswith("ends with status 0\n")


def test_a_run_that_fails_is_mailed_and_its_status_is_handed_on(machine: Machine) -> None:
    failing = machine.program("failing", "echo client_acme failed; exit 2")
    machine.install(ansible_playbook=str(failing), mail_to="dba@example.com")
    run = machine.run()
    assert (run.returncode, run.stderr) == (2, "")
    assert "To: dba@example.com\n" in machine.mail and "with status 2\n" in machine.mail
    assert "client_acme failed\n" in machine.mail.partition("\n\n")[2]


def test_a_mail_that_cannot_be_sent_is_not_silent(machine: Machine) -> None:
    machine.install(ansible_playbook=FALSE, mail_to="dba@example.com", sendmail="/nowhere/sendmail")
    run = machine.run()
    assert run.returncode == 1 and "people could not be told by send_mail" in run.stderr
    assert "people could not be told by send_mail" in machine.log


@pytest.mark.parametrize("status", [0, 75])
def test_a_run_that_finds_another_one_at_work_does_nothing(machine: Machine, status: int) -> None:
    slow = machine.program("slow", f"echo run >>{machine.folder}/runs; exec sleep 60")
    machine.install(ansible_playbook=str(slow), mail_to="dba@example.com", busy_status=status)
    first = subprocess.Popen([machine.script], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: (machine.folder / "runs").exists())
        second = machine.run()
        assert second.returncode == status and "another run is still at work: nothing was done" in second.stdout
        # A script that is killed does not free the lock while its run is at work.
        first.kill()
        first.wait()
        assert machine.run().returncode == status
        assert (machine.folder / "runs").read_text() == "run\n" and machine.mail == ""
    finally:
        end_by_lock(machine.folder / "home/rotation-due.lock")


def test_a_run_that_hangs_is_ended_and_told(machine: Machine) -> None:
    slow = machine.program("slow", "exec sleep 60")
    machine.install(ansible_playbook=str(slow), mail_to="dba@example.com", timeout=1)
    assert machine.run().returncode == 124
    assert "with status 124" in machine.mail


def test_a_folder_that_is_gone_is_told_too(machine: Machine) -> None:
    machine.install(mail_to="dba@example.com", project=str(machine.folder / "gone"))
    assert machine.run().returncode == 1
    assert "with status 1" in machine.mail


def test_what_is_given_reaches_the_run_as_it_was(machine: Machine) -> None:
    shows = machine.program("shows", 'printf "<%s>" "$@" "$MOOD"')
    odd = "it's \"$HOME\" `id` & 100%"
    machine.install(ansible_playbook=str(shows), arguments=["-e", odd], environment={"MOOD": odd}, inventory="my inv")
    machine.run()
    assert f"<dbops.rotation.rotate_due><--inventory><my inv><-e><{odd}><{odd}>" in machine.log


def test_a_playbook_of_a_checkout_needs_the_checkout(machine: Machine) -> None:
    run = machine.play("-c", "local", project="", playbook="playbooks/rotate_due.yml")
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


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 20 seconds"
        time.sleep(0.05)


def end_by_lock(lock: Path) -> None:
    """End the processes of a run, which are those that have its lock open."""
    for link in Path("/proc").glob("[0-9]*/fd/9"):
        try:
            if link.readlink() == lock:
                os.kill(int(link.parts[2]), 9)
        except OSError:
            continue
