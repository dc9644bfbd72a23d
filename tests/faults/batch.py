# SPDX-License-Identifier: GPL-3.0-or-later
"""Many cases at once: one disturbed run over all their clients, the verdict, one undisturbed run, the verdict."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from . import settlement
from .cases import MISSED, SILENT, Case
from .controller import Controller, run
from .disturbances import At, Hold
from .evidence import judge_claim, judge_guesses, judge_leaks, judge_told
from .general_log import GeneralLog
from .judge import judge_moment
from .process_deeds import ProcessDeed
from .setting import Setting
from .stopping import pause

Hosts = dict[str, dict[str, Any]]
COUNTER = itertools.count(1)
THREADS = 6
# Until every client has come to its step: below the 20 s after which the engine gives a silent server up, and before
# that until every client has sent its first request: below what `PATIENT` says.
ARRIVAL_SECONDS = 17
BEGIN_SECONDS = 50
RUN_SECONDS = 240
QUIET_SECONDS = 8


@dataclass
class Batch:
    """Cases that share a playbook and what is done to their processes."""

    setting: Setting
    logs: dict[str, GeneralLog]
    cases: Sequence[Case]

    def run(self) -> None:
        """From making the clients to the last verdict; findings and results are left on the cases."""
        self.folder = self.setting.folder / f"batch-{next(COUNTER)}"
        marks = {flavor: log.size for flavor, log in self.logs.items()}
        try:
            self.each(lambda case: case.prepare(self.setting))
            pause(max(case.path.wait for case in self.cases))
            self.disturb()
            self.each(self._judge)
            settlement.settle(self)
            self._judge_leaks(marks)
        finally:
            self.each(lambda case: case.remove(self.setting))

    def each(self, work: Callable[[Case], None], cases: Sequence[Case] | None = None) -> None:
        """Do something for every case, some of them at a time."""
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, self.cases if cases is None else cases))

    def play(self, playbook: str, cases: Sequence[Case], name: str) -> Controller:
        """A run over the clients of some cases from which nobody is kept."""
        hosts = {case.client.name: case.variables() for case in cases}
        return run(self.controller(playbook, hosts, name), RUN_SECONDS)

    def controller(
        self, playbook: str, hosts: Hosts, name: str, environment: Mapping[str, str] = MappingProxyType({})
    ) -> Controller:
        """A run with a folder of its own."""
        return Controller(playbook, hosts, self.folder / name, (), dict(environment))

    def refused(self) -> Counter[str]:
        """How many logins each account was refused so far, on all servers."""
        return sum((log.refused() for log in self.logs.values()), Counter[str]())

    def judge_guesses(self, cases: Sequence[Case], before: Counter[str], runs: int = 1) -> None:
        """P7 for what happened since."""
        judge_guesses(cases, self.refused(), before, runs)

    @property
    def deed(self) -> ProcessDeed | None:
        """What is done to the processes of this batch."""
        fault = self.cases[0].fault
        return fault.process if fault else None

    def disturb(self) -> None:
        """The disturbed run."""
        for case in self.cases:
            case.course.begin(case.disturbance())
        before = self.refused()
        deed, count = self.deed, len(self.cases)
        variables = deed.variables(count) if deed else {}
        hosts = {case.client.name: {**case.faulty_variables(), **variables} for case in self.cases}
        environment = deed.environment(count) if deed else {}
        disturbed = self.controller(self.cases[0].path.playbook, hosts, "disturbed", environment).start()
        try:
            if deed:
                self._await(disturbed, BEGIN_SECONDS, lambda hold: hold.begun)
                self._tell_all(lambda hold: hold.let_begin)
                self._await(disturbed, ARRIVAL_SECONDS, lambda hold: hold.held)
                deed.do(disturbed, list(self.cases), lambda: self._tell_all(lambda hold: hold.let_go_on))
            if not disturbed.wait(RUN_SECONDS):
                self.each(lambda case: case.found(SILENT, f"the run did not end within {RUN_SECONDS} s"))
        finally:
            disturbed.end()
        self.each(self._calm)
        self.judge_guesses(self.cases, before, 2 if deed and deed.overtakes else 1)
        survived = not deed or deed.survives
        self.each(lambda case: judge_told(case, disturbed, survived=survived))

    def _await(self, disturbed: Controller, seconds: float, event: Callable[[Hold], threading.Event]) -> None:
        """Wait until this has happened to every client, or it has a result without it."""
        limit = time.monotonic() + seconds
        waiting = {case.client.name: event(hold) for case, hold in self._holds()}
        while waiting and time.monotonic() < limit and disturbed.status is None:
            told = disturbed.results()
            waiting = {name: happened for name, happened in waiting.items() if not happened.is_set()}
            waiting = {name: happened for name, happened in waiting.items() if name not in told}
            pause(0.05)

    def _tell_all(self, call: Callable[[Hold], Callable[[], None]]) -> None:
        for _case, hold in self._holds():
            self.setting.background.loop.call_soon_threadsafe(call(hold))

    def _holds(self) -> list[tuple[Case, Hold]]:
        held = ((case, case.course.disturbance) for case in self.cases)
        return [(case, hold) for case, hold in held if isinstance(hold, Hold)]

    def _calm(self, case: Case) -> None:
        """Let what is under way at the server come to its end; then nothing disturbs any more."""
        disturbance = case.course.disturbance
        limit = time.monotonic() + QUIET_SECONDS
        while case.sessions() and time.monotonic() < limit:
            pause(0.05)
        if isinstance(disturbance, At):
            case.reached = str(disturbance.hit or "")
            if not disturbance.hit:
                case.found(MISSED, f"the run had {len(case.course.steps)} steps, so nothing happened to it")
            disturbance.over()
        case.seen_steps = list(case.course.steps)

    def _judge(self, case: Case) -> None:
        sight = judge_moment(case)
        judge_claim(case, sight)

    def _judge_leaks(self, marks: dict[str, int]) -> None:
        written = {f"output of {path.parent.name}": path.read_bytes() for path in self.folder.glob("*/output")}
        written |= {f"results of {path.parent.name}": path.read_bytes() for path in self.folder.glob("*/results")}
        written |= {f"general log of {flavor}": log.since(marks[flavor]) for flavor, log in self.logs.items()}
        judge_leaks(self.cases, written)
