# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix: the steps that a run really makes, times the faults, cut into batches that run side by side."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .batch import Batch
from .cases import GUESS, MISSED, SILENT, UNSETTLED, Case
from .faults import FAULTS, Fault, worth_trying
from .general_log import GeneralLog
from .paths import PATHS
from .setting import Setting
from .steps import Step, farewells
from .stopping import Stopped, stop

# All clients of a process fault have to come to their steps before the first loses patience.
BATCH_SIZE = {True: 36, False: 72}
# Batches wait for most of their time: for each other at their steps, and for time-outs.
LANES, FREEZERS = 3, 2
# Cases beside each other where they are tried again, because a busy machine let them miss their fault.
FEW = 12
# What every path has to ask of AWS, or it would be no change of a password.
CHANGING = {"PutSecretValue", "UpdateSecretVersionStage"}
# What a case may show whose fault came at another moment than it was to.
UNRELIABLE = {MISSED, UNSETTLED, SILENT, GUESS}
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Chosen:
    """Which part of the matrix."""

    paths: Sequence[str]
    servers: Sequence[str]
    faults: Sequence[str]
    only: Sequence[str] = ()
    sample: int = 0
    seed: int = 0

    @property
    def is_part(self) -> bool:
        """Whether paths are walked with some of their faults only."""
        return bool(self.only or self.sample or set(self.faults) != set(FAULTS))

    @property
    def ways(self) -> list[tuple[str, str]]:
        """Each path on each server whose steps have to be known."""
        if self.only:
            named = [name.split("/") for name in self.only]
            return sorted({(parts[0], parts[1]) for parts in named})
        pairs = [(path, server) for path in self.paths for server in self.servers]
        return [(path, server) for path, server in pairs if worth_trying(path, server != "ed25519")]


class Matrix:
    """Runs cases."""

    def __init__(self, setting: Setting, tell: Tell) -> None:
        """Take where to run them, and whom to tell of the progress."""
        self.setting = setting
        self.tell = tell
        self.steps: dict[tuple[str, str], list[Step]] = {}
        servers = {server.process.flavor: server.process for server in setting.servers.values()}
        self._logs = {flavor: GeneralLog(process.general_log) for flavor, process in servers.items()}

    def explore(self, ways: Iterable[tuple[str, str]]) -> list[Case]:
        """Find the steps of each path on each server by runs that nothing disturbs, which have to be in order too."""
        cases = [self.case(path, server) for path, server in ways]
        self.run(list(batches(cases)))
        for case in cases:
            self.steps[case.path.name, case.server.name] = case.seen_steps
            if case.result.get("status") != "ok":
                case.found(UNSETTLED, f"an undisturbed run failed: {case.result.get('msg')}")
            if not {step.operation for step in case.seen_steps} >= CHANGING:
                case.found(MISSED, "an undisturbed run changed no password, so its steps are not those of a rotation")
        return cases

    def case(self, path: str, server: str, fault: str = "", step: int = 0) -> Case:
        """One case."""
        left = farewells(self.steps.get((path, server), ()))
        return Case(PATHS[path], self.setting.servers[server], FAULTS[fault] if fault else None, step, farewells=left)

    def cases(self, chosen: Chosen) -> list[Case]:
        """All chosen cases, once the steps are known."""
        if chosen.only:
            named = (name.split("/") for name in chosen.only)
            return [self.case(path, server, fault, int(number)) for path, server, fault, number in named]
        every = [
            self.case(path, server, name, number)
            for path, server in chosen.ways
            for name in worth_trying(path, self.setting.servers[server].holds_two)
            if name in chosen.faults
            for number in self._numbers(path, server, FAULTS[name])
        ]
        return every if not chosen.sample else sample(every, chosen.sample, chosen.seed)

    def _numbers(self, path: str, server: str, fault: Fault) -> list[int]:
        """The steps at which a fault can happen."""
        steps = self.steps[path, server]
        unanswered = farewells(steps) if fault.needs_an_answer else ()
        return [step.number for step in steps if fault.at(step) and step.what not in unanswered]

    def run_all(self, cases: Sequence[Case]) -> list[Case]:
        """Run cases, those that missed their fault once more, and give them as they were last run."""
        self.run(list(batches(cases)))
        again = {id(case): self._anew(case) for case in cases if has_missed(case)}
        if again:
            self.tell(f"{len(again)} cases missed their fault, and are run again with few beside them")
            for few in batches(again.values(), FEW):
                self.run([few])
        return [again.get(id(case), case) for case in cases]

    def _anew(self, case: Case) -> Case:
        return self.case(case.path.name, case.server.name, case.fault.name if case.fault else "", case.step)

    def run(self, listed: Sequence[Sequence[Case]]) -> None:
        """Run batches, some side by side; those that freeze for long keep no other waiting."""
        tally = Tally(len(listed), self.tell)
        with ThreadPoolExecutor(FREEZERS) as freezers, ThreadPoolExecutor(LANES) as lanes:
            try:
                under_way = [
                    (freezers if freezes(cases) else lanes).submit(self._run_one, cases, tally) for cases in listed
                ]
                for finished in under_way:
                    finished.result()
            except BaseException:
                stop()
                for pool in (freezers, lanes):
                    pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _run_one(self, cases: Sequence[Case], tally: Tally) -> None:
        began = time.monotonic()
        try:
            Batch(self.setting, self._logs, cases).run()
        except Stopped:
            return
        except Exception as error:
            for case in cases:
                case.found(MISSED, f"the harness failed: {type(error).__name__}: {error}")
        tally.add(cases, time.monotonic() - began)


class Tally:
    """Counts the batches that are over."""

    def __init__(self, of: int, tell: Tell) -> None:
        """Count so many."""
        self._of, self._tell = of, tell
        self._done = 0
        self._lock = threading.Lock()

    def add(self, cases: Sequence[Case], seconds: float) -> None:
        """One more."""
        with self._lock:
            self._done += 1
            self._tell(progress(cases, self._done, self._of, seconds))


def progress(cases: Sequence[Case], done: int, of: int, seconds: float) -> str:
    """One line about a batch that is over."""
    broken = [case.name for case in cases if case.findings]
    kinds = sorted({case.fault.name if case.fault else "steps" for case in cases})
    verdict = f"BROKEN: {', '.join(broken)}" if broken else "all survived"
    paths = "+".join(sorted({case.path.name for case in cases}))
    return f"[{done}/{of}] {paths}: {len(cases)} cases of {', '.join(kinds)} in {seconds:.0f} s: {verdict}"


def has_missed(case: Case) -> bool:
    """Whether the fault did not come when it was to, and nothing was seen that is a fault at any moment."""
    seen = {finding.promise for finding in case.findings}
    return MISSED in seen and seen <= UNRELIABLE


def batches(cases: Iterable[Case], largest: int = 1_000) -> Iterator[list[Case]]:
    """Cut cases into batches that can share one run."""
    groups: dict[tuple[str, int], list[Case]] = {}
    for case in cases:
        deed = case.fault.process if case.fault else None
        groups.setdefault((case.path.playbook, id(deed)), []).append(case)
    for group in groups.values():
        size = BATCH_SIZE[bool(group[0].fault and group[0].fault.process)] // group[0].path.weight
        count = -(-len(group) // min(largest, size))
        yield from (group[index::count] for index in range(count))


def freezes(cases: Sequence[Case]) -> bool:
    """Whether a batch stands still for most of its time."""
    deed = cases[0].fault.process if cases[0].fault else None
    return bool(deed and deed.freezes)


def sample(cases: Sequence[Case], count: int, seed: int) -> list[Case]:
    """So many cases, every fault at least once on every server."""
    shuffled = random.Random(seed).sample(list(cases), len(cases))
    first: dict[tuple[str, str], Case] = {}
    for case in shuffled:
        assert case.fault
        first.setdefault((case.server.name, case.fault.name), case)
    needed = list(first.values())
    others = [case for case in shuffled if case not in needed]
    return needed + others[: max(0, count - len(needed))]
