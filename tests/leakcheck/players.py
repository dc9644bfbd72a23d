# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs a playbook: ansible-playbook, or ansible-runner as AWX does."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from awx_job import Job, copy_of_the_project
from leaks import keeping
from managed import ROOT
from playbook_runs import ASYNC_PLAY

from .modes import ASYNC, RUNNER, Mode
from .scene import Scene
from .sink import Place

Hosts = dict[str, dict[str, Any]]
FORKED = str(ROOT / "tests/support/forked_playbooks.py")


class Player(Protocol):
    """Runs playbooks of one mode."""

    def play(self, name: str, hosts: Hosts, *arguments: str) -> tuple[int, str]:
        """Run one over these hosts; return the exit status, and what it printed."""


@contextmanager
def player_of(scene: Scene, place: Place, mode: Mode) -> Iterator[Player]:
    """Return who plays in this mode."""
    environment = environment_of(scene, place, mode)
    if mode.name == RUNNER:
        yield Runner(place, environment)
        return
    with Forked(place, environment, asynchronous(place) if mode.name == ASYNC else {}) as player:
        yield player


def environment_of(scene: Scene, place: Place, mode: Mode) -> dict[str, str]:
    """Let a run show and keep all that it can, below the folder of the mode."""
    return {
        **keeping(place.temporary),
        "ANSIBLE_LOG_PATH": str(place.left / "ansible.log"),
        "ANSIBLE_ASYNC_DIR": str(place.temporary / "async"),
        "JUNIT_OUTPUT_DIR": str(place.left / "junit"),
        "ROTATION_AUDIT_SPOOL": str(place.left / "audit"),
        # The collections that provision uses deprecate options that have to be given to be rid of their defaults.
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
        **scene.trail(),
        **mode.environment,
    }


def asynchronous(place: Place) -> dict[str, str]:
    """What takes the place of a playbook where its task is to be async."""
    path = place.given / "async.yml"
    path.write_text(ASYNC_PLAY)
    return {"rotate.yml": str(path)}


class Forked:
    """One process that has loaded Ansible; each run is a fork of it."""

    def __init__(self, place: Place, environment: dict[str, str], instead: dict[str, str]) -> None:
        """Take the environment of all runs, and which playbooks stand for others."""
        self._place, self._environment, self._instead = place, environment, instead
        self._numbers = itertools.count(1)

    def __enter__(self) -> Forked:
        self._process = subprocess.Popen(
            [sys.executable, FORKED],
            cwd=ROOT,
            env={**os.environ, **self._environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate(timeout=60)

    def play(self, name: str, hosts: Hosts, *arguments: str) -> tuple[int, str]:
        """Run a playbook, and keep what it prints."""
        inventory = self._place.given / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
        assert self._process.stdin and self._process.stdout
        print(json.dumps([self._instead.get(name, name), "-i", str(inventory), *arguments]), file=self._process.stdin)
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        printed = f"{next(self._numbers):02}-{Path(name).stem}"
        (self._place.printed / printed).write_text(told["printed"])
        return told["status"], told["printed"]


class Runner:
    """Ansible-runner, in a copy of the project."""

    def __init__(self, place: Place, environment: dict[str, str]) -> None:
        """Copy the project."""
        folder = place.left / "job"
        folder.mkdir()
        self._job = Job(folder, copy_of_the_project(place.base / "project"), {})
        self._job.besides = environment

    def play(self, name: str, hosts: Hosts, *arguments: str) -> tuple[int, str]:
        """Run a job."""
        self._job.take({"all": {"hosts": list(hosts)}, "_meta": {"hostvars": hosts}})
        status, events = self._job.run(name, *arguments)
        return status, "\n".join(event["stdout"] for event in events)
