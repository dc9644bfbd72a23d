# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to the processes of a run while every client waits at its step."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .controller import Controller, Process
from .stopping import pause

if TYPE_CHECKING:
    from .cases import Case

Release = Callable[[], None]
GRACE = 4
ORPHANED_SECONDS = 20


def allowance(clients: int) -> int:
    """How many seconds so many clients need, on two busy cores, to come to their steps."""
    return 8 + clients // 2


@dataclass(frozen=True)
class ProcessDeed:
    """What to do; `release` lets go of what the proxies hold, which is dropped where its sender is dead.

    `freezes` and `times_out` say what else the run has to be told for it; `overtakes` that another run comes between;
    `spares_workers` that each of them lives on and tells what befell its client.
    """

    do: Callable[[Controller, list[Case], Release], None]
    freezes: bool = False
    times_out: bool = False
    overtakes: bool = False
    spares_workers: bool = False

    @property
    def survives(self) -> bool:
        """Whether its workers live on."""
        return self.freezes or self.times_out or self.spares_workers

    def variables(self, clients: int) -> dict[str, Any]:
        """A deadline that passes in the freeze, and with it the time that the server waits for a client."""
        return {"rotation_deadline": allowance(clients)} if self.freezes else {}

    def environment(self, clients: int) -> dict[str, str]:
        """Ansible's own limit for a task."""
        return {"ANSIBLE_TASK_TIMEOUT": str(allowance(clients))} if self.times_out else {}


def _kill_all(run: Controller, _cases: list[Case], release: Release) -> None:
    workers = run.workers()
    for process in (run.process, *workers):
        process.send(signal.SIGKILL)
    run.wait(GRACE)
    release()


def _kill_controller(run: Controller, _cases: list[Case], release: Release) -> None:
    run.workers()
    run.process.send(signal.SIGKILL)
    pause(0.2)
    release()
    # With nobody to read their results some wait for ever once their work is done.
    run.wait(ORPHANED_SECONDS)
    run.end()


def striking(
    chosen: Callable[[Controller], list[Process]], number: signal.Signals = signal.SIGKILL, *, seconds: float = 0.2
) -> Callable[[Controller, list[Case], Release], None]:
    """Send a signal to some processes of the run, and wait a moment until they are gone."""

    def strike(run: Controller, _cases: list[Case], release: Release) -> None:
        for process in chosen(run):
            process.send(number)
        pause(seconds)
        release()

    return strike


def _interrupt(run: Controller, _cases: list[Case], release: Release) -> None:
    run.workers()
    run.interrupt()
    # What is not ended by it goes on when it hears again.
    run.wait(GRACE)
    release()


def _terminate_then_kill(run: Controller, _cases: list[Case], release: Release) -> None:
    workers = run.workers()
    run.process.send(signal.SIGTERM)
    pause(1)
    for process in (run.process, *workers):
        process.send(signal.SIGKILL)
    run.wait(GRACE)
    release()


def _time_out(run: Controller, cases: list[Case], release: Release) -> None:
    names = {case.client.name for case in cases}
    limit = time.monotonic() + allowance(len(cases)) + 10
    while names - run.results().keys() and time.monotonic() < limit and run.status is None:
        pause(0.1)
    release()


def _freeze(run: Controller, cases: list[Case], release: Release) -> None:
    _stop_for(run, _longer_than_the_server_waits(cases))
    release()
    _thaw(run)


def _freeze_and_overtake(run: Controller, cases: list[Case], release: Release) -> None:
    _stop_for(run, _longer_than_the_server_waits(cases))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda case: case.overtake(), cases))
    release()
    _thaw(run)


def _longer_than_the_server_waits(cases: list[Case]) -> float:
    # The engine sets wait_timeout to its deadline and half a minute.
    return allowance(len(cases)) + 32


def _stop_for(run: Controller, seconds: float) -> None:
    for process in (run.process, *run.workers()):
        process.send(signal.SIGSTOP)
    pause(seconds)


def _thaw(run: Controller) -> None:
    for process in run.family:
        process.send(signal.SIGCONT)


kill_all = ProcessDeed(_kill_all)
kill_controller = ProcessDeed(_kill_controller)
kill_workers = ProcessDeed(striking(Controller.workers))
kill_helpers = ProcessDeed(striking(Controller.helpers), spares_workers=True)
interrupt = ProcessDeed(_interrupt)
terminate_then_kill = ProcessDeed(_terminate_then_kill)
time_out = ProcessDeed(_time_out, times_out=True)
freeze = ProcessDeed(_freeze, freezes=True)
freeze_and_overtake = ProcessDeed(_freeze_and_overtake, freezes=True, overtakes=True)
