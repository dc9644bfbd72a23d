# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of ansible-playbook over many clients, and its processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from managed import ANSIBLE_PLAYBOOK, AT_ONCE
from world.aws import NOWHERE
from world.layout import ROOT

from .stopping import pause

# No settings of the person who starts this, and no way to another machine.
ALONE = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": NOWHERE,
    "NO_PROXY": "127.0.0.1,localhost",
    "ANSIBLE_NOCOLOR": "1",
}
PLUGINS = Path(__file__).with_name("callback_plugins")
Result = dict[str, Any]


@dataclass(frozen=True)
class Process:
    """A process, told from a later one of the same id by the moment of its start."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        fields = stat(self.pid)
        return bool(fields) and fields[19] == self.started and fields[0] not in ("Z", "X")

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it is still there."""
        if self.alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return


@dataclass
class Controller:
    """A run; everything that it writes lies in its folder. `others` are hosts of the inventory that are no clients."""

    playbook: str
    hosts: dict[str, dict[str, Any]]
    folder: Path
    extra: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    others: dict[str, dict[str, Any]] = field(default_factory=dict)

    def start(self) -> Controller:
        """Start it, in a process group of its own as a shell does."""
        pause(0)
        self.folder.mkdir(parents=True)
        inventory = self.folder / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": {**self.hosts, **self.others}}}))
        self.results_file = self.folder / "results"
        arguments = [
            "-i",
            str(inventory),
            "-l",
            ",".join(self.hosts),
            "-e",
            "rotation_everything=true",  # a limit that names them all selects the whole fleet
            "-f",
            str(len(self.hosts)),
            "-vvv",
            *AT_ONCE,
            *self.extra,
        ]
        command = [ANSIBLE_PLAYBOOK, self.playbook, *arguments]
        with (self.folder / "output").open("wb") as output:
            self._child = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment_of(self),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.process = Process(self._child.pid, stat(self._child.pid)[19])
        self.family: set[Process] = {self.process}
        return self

    @property
    def output(self) -> str:
        """All that a person saw."""
        return (self.folder / "output").read_text(errors="replace")

    @property
    def status(self) -> int | None:
        """The exit status; negative after a signal, None while it runs."""
        return self._child.poll()

    def results(self) -> dict[str, Result]:
        """The last result of each client: of the task that changes a password, or of whatever failed.

        A change that waits for hooks is no result yet: another task of ours follows.
        """
        lines = self.results_file.read_text().splitlines() if self.results_file.exists() else []
        told = [json.loads(line) for line in lines]
        return {result["host"]: result for result in told if not result.get("waits_for_hooks")}

    def workers(self) -> list[Process]:
        """The processes below the controller, as they are now; they are remembered."""
        found = descendants(self.process.pid)
        self.family.update(found)
        return found

    def helpers(self) -> list[Process]:
        """The processes that the workers have started, and that do their work."""
        return [process for process in self.workers() if parent(process.pid) != self.process.pid]

    def interrupt(self) -> None:
        """Press Ctrl-C: the terminal tells the group in the foreground."""
        os.killpg(self.process.pid, signal.SIGINT)

    def wait(self, seconds: float) -> bool:
        """Wait until the controller and every worker seen have ended; tell whether they have."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self.status  # noqa: B018 - asks for the status, or the controller stays a zombie
            if not any(process.alive for process in self.family):
                return True
            pause(0.05)
        return False

    def end(self) -> None:
        """End whatever still runs, by force."""
        self.workers()
        for process in self.family:
            process.send(signal.SIGKILL)
        self._child.wait(10)


def run(controller: Controller, seconds: float = 300) -> Controller:
    """Run to the end."""
    controller.start()
    try:
        if not controller.wait(seconds):
            raise TimeoutError(f"a run did not end within {seconds:.0f} s: see {controller.folder}")
    finally:
        controller.end()
    return controller


def environment_of(controller: Controller) -> dict[str, str]:
    """Nothing of the AWS settings of the person who starts this, and no way to another machine."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
    return {
        **inherited,
        **ALONE,
        "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS),
        "ANSIBLE_CALLBACKS_ENABLED": "results",
        "ANSIBLE_LOCAL_TEMP": str(controller.folder / "tmp"),
        "ROTATION_AUDIT_SPOOL": str(controller.folder / "audit"),
        "FAULTS_RESULTS": str(controller.results_file),
        **controller.environment,
    }


def stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on; empty for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def parent(pid: int) -> int:
    """The process that one belongs to; 0 where it is gone."""
    fields = stat(pid)
    return int(fields[1]) if fields else 0


def descendants(pid: int) -> list[Process]:
    """The processes below one, children before grandchildren."""
    parents: dict[int, list[Process]] = {}
    for path in Path("/proc").iterdir():
        fields = stat(int(path.name)) if path.name.isdigit() else []
        if fields:
            parents.setdefault(int(fields[1]), []).append(Process(int(path.name), fields[19]))
    found, waiting = [], [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += [child.pid for child in children]
    return found
