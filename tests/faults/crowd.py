# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients without a fault of their own, for trials in which whole runs meet each other or die."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from .cases import UNSETTLED, Case
from .judge import judge_moment, judge_settled
from .paths import PATHS
from .setting import Setting

THREADS = 6


@contextmanager
def crowd(setting: Setting, servers: Sequence[str], each: int) -> Iterator[list[Case]]:
    """So many clients on each server."""
    cases = [Case(PATHS["fresh"], setting.servers[name]) for name in servers for _number in range(each)]
    try:
        for_all(cases, lambda case: case.prepare(setting))
        yield cases
    finally:
        for_all(cases, lambda case: case.remove(setting))


def for_all(cases: Sequence[Case], work: Callable[[Case], object]) -> None:
    """Do something for every client, some at a time."""
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, cases))


def settle(case: Case) -> None:
    """One run without faults, after which all has to be settled."""
    judge_moment(case)
    result = case.client.run(trigger="recovery")
    if result.get("failed"):
        case.found(UNSETTLED, result["msg"])
    judge_settled(case)


def broken(cases: Sequence[Case]) -> list[str]:
    """What did not hold."""
    return [
        f"{case.client.name} on {case.server.name}: {finding.promise}: {finding.seen}"
        for case in cases
        for finding in case.findings
    ]
