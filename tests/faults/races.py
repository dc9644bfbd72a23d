# SPDX-License-Identifier: GPL-3.0-or-later
"""Several runs on the same clients at the same time, and runs that are killed at any moment."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from .cases import PATIENT, SILENT, Case
from .controller import Controller
from .crowd import broken, crowd, for_all, settle
from .disturbances import Meeting
from .judge import judge_moment
from .report import Trial
from .setting import Setting

COUNTER = itertools.count(1)
PLAYBOOK = "rotate.yml"
RUN_SECONDS = 240
AT_WORK = re.compile(r"at work on this account: \S")
# Of one that ended just then it cannot be told.
SINCE_WHEN = re.compile(r", since \d{4}-\d\d-\d\d \d\d:\d\d UTC")
# From the start of a run to the end of its last client, as seen on two cores.
LONGEST_LIFE = 9.0


def race(setting: Setting, servers: Sequence[str], runs: int, clients: int) -> Trial:
    """So many runs at once on the same clients: each rotates, or says who is at work."""
    with crowd(setting, servers, clients) as cases:
        for case in cases:
            case.course.begin(Meeting(runs))
        started = [start(setting, cases, f"race-{runs}", rotation_aws_config=PATIENT) for _number in range(runs)]
        finish(started)
        told = Counter(judge_result(case, run) for run in started for case in cases)
        for_all(cases, settle)
        return Trial(
            f"{runs} runs at once on {len(cases)} clients",
            {
                "rotated": told["ok"],
                "found another at work": told["busy"] + told["just ended"],
                "of which had just ended": told["just ended"],
                "broken": len(broken(cases)),
            },
            broken(cases),
        )


def random_kills(setting: Setting, servers: Sequence[str], clients: int, rounds: int, seed: int) -> Trial:
    """Kill whole runs at moments that a seeded chance chooses; after each some label opens every row."""
    chance = random.Random(seed)
    with crowd(setting, servers, clients) as cases:
        for _number in range(rounds):
            run = start(setting, cases, "killed")
            try:
                run.wait(chance.uniform(1.5, LONGEST_LIFE))
            finally:
                run.end()
            for_all(cases, judge_moment)
        for_all(cases, settle)
        figures = {"kills": rounds, "clients": len(cases), "seed": seed, "broken": len(broken(cases))}
        return Trial("runs killed at random", figures, broken(cases))


def start(setting: Setting, cases: Sequence[Case], name: str, **variables: Any) -> Controller:
    """Start a run over these clients."""
    hosts = {case.client.name: {**case.variables(), **variables} for case in cases}
    return Controller(PLAYBOOK, hosts, setting.folder / f"{name}-{next(COUNTER)}").start()


def finish(started: Sequence[Controller]) -> None:
    """Let runs end, or end them."""
    try:
        for run in started:
            if not run.wait(RUN_SECONDS):
                raise TimeoutError(f"a run did not end within {RUN_SECONDS} s: see {run.folder}")
    finally:
        for run in started:
            run.end()


def judge_result(case: Case, run: Controller) -> str:
    """What a run in a race said of a client."""
    result = run.results().get(case.client.name, {})
    message = str(result.get("msg"))
    if result.get("status") == "ok":
        return "ok"
    if not AT_WORK.search(message) or run.status == 0:
        case.found(SILENT, f"a run in a race ended otherwise (exit status {run.status}): {message}")
    return "busy" if SINCE_WHEN.search(message) else "just ended"
