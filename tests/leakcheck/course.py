# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of two clients, one of MySQL and one of MariaDB, through every playbook that has to do with passwords."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from by_hand import passwords, remove
from canaries import new_canary
from cycle import is_due
from managed import ROOT
from world.aws import REGION

from .modes import Mode
from .players import Player
from .scene import Scene
from .sink import Place

HOOK = str(ROOT / "tests/faults/hook.yml")
FORCE = {"rotation_force": True}
COUNTER = itertools.count(1)
AT_THE_CONTROLLER: dict[str, Any] = {"rotation_jump_host": None}


@dataclass(frozen=True)
class Play:
    """A playbook with its variables, what is done before it, how it has to end, and whether every mode has it.

    `limited` tells that it is about the clients.
    """

    name: str
    variables: dict[str, Any] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    status: int = 0
    before: Callable[[Course], None] | None = None
    everywhere: bool = False
    limited: bool = True


class Course:
    """Runs the playbooks, and knows every password that the clients had."""

    def __init__(self, scene: Scene, place: Place, mode: Mode, player: Player) -> None:
        """Make the two accounts."""
        self.scene, self.place, self.mode, self._player = scene, place, mode, player
        self.clients = scene.newcomers()
        self.wrong, self.by_hand = new_canary(), new_canary()
        self.vault = self._given("vault-password", "Vault-" + new_canary())
        self.known = {self.wrong, self.by_hand, self.vault.read_text()}
        self.brought_back: set[str] = set()
        self.troubles: list[str] = []
        self.playbooks: list[str] = []

    def run(self, *, everything: bool) -> None:
        """Run all playbooks, or those of every mode; what ends otherwise than it has to is noted."""
        for play in (play for play in plays(self) if play.everywhere or everything):
            if play.before:
                play.before(self)
            self.remember()
            began = time.monotonic()
            status, output = self._player.play(play.name, self.hosts(), *self._arguments(play))
            self.playbooks.append(play.name)
            print(f"    {time.monotonic() - began:5.1f} s  {play.name} {status}", flush=True)
            if status != play.status:
                trouble = f"{play.name} ended with {status} instead of {play.status}: {failures(output)}"
                print(trouble, flush=True)
                self.troubles.append(trouble)
        self.remember()

    def hosts(self) -> dict[str, dict[str, Any]]:
        """The inventory."""
        alone = {"rotation_topic_arn": self.scene.mailbox.topic, "rotation_min_age": 0}
        own = {client.name: client.variables(**alone, **self.mode.variables) for client in self.clients}
        return {**own, **self.mode.hosts}

    def remember(self) -> None:
        """Note the passwords of all versions as they are now."""
        self.known.update(*map(passwords, self.clients))

    def _arguments(self, play: Play) -> Iterator[str]:
        yield from self.mode.arguments
        if play.limited:
            yield from ("-l", ",".join(client.name for client in self.clients))
        yield from ("-e", json.dumps({"rotation_everything": True, **play.variables}))
        yield from play.arguments

    def _given(self, name: str, text: str) -> Path:
        """A file that a run is given, apart from what is searched."""
        path = self.place.given / name
        path.write_text(text)
        return path

    def passwords_file(self, option: str, text: str | None = None) -> tuple[str, ...]:
        """Variables of a vault, as a run gets them: the password of each client, or one for all."""
        listed = {client.name: text or client.password for client in self.clients}
        looked_up = {"leakcheck_passwords": listed, option: "{{ leakcheck_passwords[inventory_hostname] }}"}
        name = f"{option}-{next(COUNTER)}.json"
        return ("-e", f"@{self._given(name, json.dumps(looked_up))}")

    # What is done to the clients between the playbooks.

    def let_be_due(self) -> None:
        """The cycle of both is over."""
        for client in self.clients:
            is_due(client)

    def note_what_comes_back(self) -> None:
        """The next run brings these passwords back."""
        self.brought_back.update(client.stored("AWSPREVIOUS")["password"] for client in self.clients)

    def lose(self) -> None:
        """Both secrets are lost."""
        for client in self.clients:
            remove(client)

    def drift(self) -> None:
        """Somebody changes both passwords by hand."""
        for client in self.clients:
            clause, value = client.server.password_clause(self.by_hand)
            for host in client.hosts:
                client.sql(f"ALTER USER %s@%s {clause}", client.user, host, value)

    def lock(self) -> None:
        """Somebody locks both accounts."""
        for client in self.clients:
            for host in client.hosts:
                client.sql("ALTER USER %s@%s ACCOUNT LOCK", client.user, host)


def failures(output: str) -> str:
    """The lines of an output that tell of failures."""
    return "\n".join(line[:600] for line in output.splitlines() if line.startswith(("fatal:", "[ERROR]", "ERROR")))


def plays(course: Course) -> Sequence[Play]:
    """All playbooks, in this order."""
    mode, documents = course.mode, course.place.documents
    # No file of a jump host may have the password.
    here = AT_THE_CONTROLLER if mode.keeps_remote_files else {}
    onboarding = course.passwords_file("rotation_onboard_password")
    wrong = course.passwords_file("rotation_onboard_password", course.wrong)
    wrong_again = course.passwords_file("rotation_reconcile_password", course.wrong)
    vault = ("--vault-password-file", str(course.vault))
    backup = {"rotation_backup_file": str(documents / "secrets.vault")}
    logs = {"log_group": course.scene.log_group, "source": "logs"}
    by_hand = course.passwords_file("rotation_reconcile_password", course.by_hand)
    report = {f"rotation_report_{name}": value for name, value in logs.items()}
    history = {f"rotation_history_{name}": value for name, value in logs.items()}
    evidence = {f"rotation_evidence_{name}": value for name, value in logs.items()}
    leaving = {"rotation_offboard_confirm": ",".join(client.name for client in course.clients)}
    status = {"rotation_status_form": "json", "rotation_status_file": f"{documents}/status.json"}
    first = course.clients[0].name
    playbooks = "playbooks/"
    life = (
        Play(f"{playbooks}onboard.yml", arguments=wrong, status=2, everywhere=True),
        Play(f"{playbooks}onboard.yml", here, (*onboarding, "--check")),
        Play(f"{playbooks}onboard.yml", here, onboarding, everywhere=True),
        Play(f"{playbooks}doctor.yml"),
        Play("rotate.yml", arguments=("--check",)),
        Play("rotate.yml", {"rotation_hooks": [HOOK], "rotation_reason": "CHG-1042"}, everywhere=True),
        Play(f"{playbooks}rotate_fleet.yml", {"rotation_canaries": first, **FORCE}),
        Play(f"{playbooks}rotate_due.yml", before=Course.let_be_due),
        Play(f"{playbooks}status.yml", status),
        Play(f"{playbooks}verify.yml"),
        Play(f"{playbooks}rollback.yml", FORCE, before=Course.note_what_comes_back, everywhere=True),
        Play("rotate.yml", {"rotation_overlap": 3600, **FORCE}),
        Play(f"{playbooks}access.yml", {"rotation_readers": ["acme-shop"]}),
        Play(f"{playbooks}runner.yml", {"rotation_runner": "lambda", **AT_THE_CONTROLLER}),
        Play(f"{playbooks}runner.yml"),
        Play(f"{playbooks}history.yml", history),
        Play(f"{playbooks}report.yml", {**report, "rotation_report_path": str(documents / "fleet.html")}),
        Play(
            f"{playbooks}evidence.yml",
            {**evidence, "rotation_evidence_path": str(documents / "evidence")},
            before=lambda course: (course.place.documents / "evidence").mkdir(mode=0o700),
        ),
        Play(f"{playbooks}backup.yml", backup, vault, everywhere=True),
        Play(f"{playbooks}restore.yml", {**backup, **here}, vault, before=Course.lose, everywhere=True),
        Play(f"{playbooks}verify.yml", status=2, before=Course.drift),
        Play("rotate.yml", FORCE, status=2),
        Play(f"{playbooks}reconcile.yml", here, wrong_again, status=2),
        Play(f"{playbooks}reconcile.yml", here, by_hand),
        Play("rotate.yml", FORCE, status=2, before=Course.lock, everywhere=True),
        Play(f"{playbooks}offboard.yml", {**leaving, "rotation_offboard_file": str(documents / "left.vault")}, vault),
    )
    return (*life, Play(f"{playbooks}provision.yml", account(course), limited=False))


def account(course: Course) -> dict[str, Any]:
    """What provisioning is given: it writes settings to Parameter Store."""
    given = {
        "region": REGION,
        "endpoint_url": course.scene.setting.aws.endpoint_url,
        "name": "leakcheck",
        # Its own: the emulator cannot encrypt one that is there already.
        "log_group": f"{course.scene.log_group}/provisioned",
        "duties": [],
        "parameter": "/dbops/leakcheck/settings",
    }
    return {f"rotation_provision_{name}": value for name, value in given.items()}
