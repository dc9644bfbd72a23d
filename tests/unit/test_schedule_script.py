# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that a schedule starts, run for real: the lock, the log, who is told, the exit status."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLE = Path(__file__).resolve().parents[2] / "roles/rotation_schedule"
TRUE, FALSE = shutil.which("true"), shutil.which("false")
Run = subprocess.CompletedProcess[str]


class Machine:
    """A machine whose folders lie below one folder, with a sendmail that keeps what it is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("home", "log"):
            (folder / name).mkdir()
        self.script = folder / "rotation-due"
        self.sendmail = self.program("sendmail", f"cat >>{folder}/mail")

    def program(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def install(self, **variables: Any) -> None:
        loader = DataLoader()
        known = {"inventory_hostname": "controller"}
        for part in ("defaults", "vars"):
            known |= loader.load_from_file(str(ROLE / part / "main.yml"), trusted_as_template=True)
        given = {
            "ansible_playbook": TRUE,
            "sendmail": str(self.sendmail),
            "home": str(self.folder / "home"),
            "log_dir": str(self.folder / "log"),
            **variables,
        }
        known |= {f"rotation_schedule_{name}": value for name, value in given.items()}
        text = trust_as_template((ROLE / "templates/run.sh.j2").read_text())
        self.program("rotation-due", "")
        self.script.write_text(Templar(loader, variables=known).template(text))

    @property
    def log(self) -> str:
        return (self.folder / "log/rotation-due.log").read_text()

    @property
    def mail(self) -> str:
        path = self.folder / "mail"
        return path.read_text() if path.exists() else ""

    def run(self) -> Run:
        """Run the script as cron does, with hardly an environment."""
        environment = {"PATH": "/usr/bin:/bin"}
        return subprocess.run([self.script], env=environment, capture_output=True, text=True, timeout=20, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


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
    assert run.returncode == 1 and "the message by send_mail failed" in run.stderr
    assert "the message by send_mail failed" in machine.log


@pytest.mark.parametrize("status", [0, 75])
def test_a_run_that_finds_another_one_at_work_does_nothing(machine: Machine, status: int) -> None:
    slow = machine.program("slow", f"echo run >>{machine.folder}/runs; exec sleep 60")
    machine.install(ansible_playbook=str(slow), mail_to="dba@example.com", busy_status=status)
    first = subprocess.Popen([machine.script], stdout=subprocess.DEVNULL)
    try:
        wait_for((machine.folder / "runs").exists)
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
    odd = 'it\'s "$HOME" `id` & 100%'
    machine.install(ansible_playbook=str(shows), arguments=["-e", odd], environment={"MOOD": odd}, inventory="my inv")
    machine.run()
    assert f"<dbops.rotation.rotate_due><--inventory><my inv><-e><{odd}><{odd}>" in machine.log


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 20 seconds"
        time.sleep(0.05)


def end_by_lock(lock: Path) -> None:
    """End the processes of a run, which are those that have its lock open."""
    for process in psutil.process_iter(["open_files"]):
        if any(file.path == str(lock) for file in process.info["open_files"] or []):
            process.kill()
