# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of the password that is stopped at each of its steps, all steps at once: a client for each."""

from __future__ import annotations

import itertools
import random
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from faults.batch import Batch, Hosts
from faults.cases import MISSED, Case
from faults.controller import PLUGINS, Controller
from faults.disturbances import HoldAfter
from faults.faults import FAULTS, Fault
from faults.general_log import GeneralLog
from faults.paths import Path as ChangingPath
from faults.process_deeds import ProcessDeed, striking
from faults.steps import farewells
from faults.stopping import pause
from leaks import SPY

from .modes import Mode
from .scene import Scene
from .sink import Place

# As by a mistake in a library; the kernel may write core files, which takes it a moment.
CRASHING = ProcessDeed(striking(Controller.workers, signal.SIGABRT, seconds=1))
CRASH = Fault("crash", "workers crash", HoldAfter, process=CRASHING)
# On a busy machine a run may have come further than it was to.
MOST_MISSED = 0.2
COUNTER = itertools.count(1)
KNOWN = {**FAULTS, CRASH.name: CRASH}


@dataclass(frozen=True)
class Sample:
    """A part that is the same for the same seed."""

    seed: int
    steps: int = 4

    def of(self, cases: list[Case]) -> list[Case]:
        """Choose some steps."""
        return random.Random(self.seed).sample(cases, min(self.steps, len(cases)))


@dataclass
class Failures(Batch):
    """One such run, as loud as the mode; it keeps the passwords of its clients."""

    place: Place
    mode: Mode
    environment: Mapping[str, str]
    known: set[str] = field(default_factory=set)
    brought_back: set[str] = field(default_factory=set)

    @property
    def troubles(self) -> list[str]:
        """What shows that an undisturbed run did not do its work, or that many steps were not met."""
        told = [f"{case.name} failed: {case.result.get('msg')}" for case in self.cases if is_in_trouble(case)]
        missed = [case for case in self.cases if any(found.promise == MISSED for found in case.findings)]
        if len(missed) > len(self.cases) * MOST_MISSED:
            told.append(f"{len(missed)} of {len(self.cases)} steps were not met, the first at {missed[0].name}")
        return told

    def run(self) -> None:
        """From making the clients to the end of the run."""
        fault = self.cases[0].fault
        self.folder = self.place.printed / f"steps-{next(COUNTER)}-{fault.name if fault else 'undisturbed'}"
        try:
            self.each(lambda case: case.prepare(self.setting))
            pause(max(case.path.wait for case in self.cases))
            self.disturb()
            self.each(self._remember)
        finally:
            self.each(lambda case: case.remove(self.setting))

    def _remember(self, case: Case) -> None:
        known = case.known_passwords()
        self.known |= known
        if case.path.name == "rollback":
            self.brought_back |= known - {case.client.password}

    def controller(
        self, playbook: str, hosts: Hosts, name: str, environment: Mapping[str, str] = MappingProxyType({})
    ) -> Controller:
        """A run of the mode that also leaves the results by which it is judged."""
        own = {host: {**given, **self.mode.variables} for host, given in hosts.items()}
        loud = {**self.environment, **environment, "ANSIBLE_CALLBACK_PLUGINS": f"{PLUGINS}:{SPY}"}
        loud["ANSIBLE_CALLBACKS_ENABLED"] = f"results,{self.environment['ANSIBLE_CALLBACKS_ENABLED']}"
        return Controller(playbook, own, self.folder / name, self.mode.arguments, loud, self.mode.hosts)


def stopped_at_each_step(
    scene: Scene,
    place: Place,
    mode: Mode,
    environment: Mapping[str, str],
    path: ChangingPath,
    sample: Sample | None = None,
) -> Iterator[Failures]:
    """Run once undisturbed, which shows the steps; then stop at each of them, by the faults of the mode in turn."""
    logs = {flavor: GeneralLog(server.general_log) for flavor, server in scene.servers.items()}

    def ran(cases: list[Case]) -> Failures:
        batch = Failures(scene.setting, logs, cases, place, mode, environment)
        batch.run()
        return batch

    calm = [Case(path, scene.setting.servers[flavor]) for flavor in mode.servers]
    yield ran(calm)
    found = [case for one in calm for case in cases_of(one, mode.faults, sample)]
    for process in (False, True):
        if chosen := [case for case in found if bool(case.fault and case.fault.process) == process]:
            yield ran(chosen)


def is_in_trouble(case: Case) -> bool:
    """Whether nothing disturbed a run, and it failed all the same."""
    return not case.fault and case.result.get("status") != "ok"


def cases_of(calm: Case, names: Sequence[str], sample: Sample | None = None) -> list[Case]:
    """All of them, or those of a sample."""
    found = list(_cases_of(calm, names))
    return sample.of(found) if sample else found


def _cases_of(calm: Case, names: Sequence[str]) -> Iterator[Case]:
    """One case for each step that was seen, and for each step once more a crash if that is one of the faults."""
    left = farewells(calm.seen_steps)
    for step in calm.seen_steps:
        usable = [KNOWN[name] for name in names if KNOWN[name].at(step)]
        turns = [fault for fault in usable if not fault.process]
        chosen = [turns[step.number % len(turns)]] if turns else []
        for fault in (*chosen, *(fault for fault in usable if fault.process)):
            if not (fault.needs_an_answer and step.what in left):
                yield Case(calm.path, calm.server, fault, step.number, farewells=left)
