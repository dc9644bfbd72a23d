# SPDX-License-Identifier: GPL-3.0-or-later
"""A seeded sample of the matrix: every fault at least once on MySQL and on MariaDB. `make faults` runs all of it."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from .cases import Case
from .faults import FAULTS, Fault
from .matrix import Chosen, Matrix, sample
from .paths import PATHS

SEED = int(os.environ.get("FAULTS_SEED", "1"))
SERVERS = ("mysql", "mariadb")
# Up to there every step of a fresh rotation has an answer; what freezes for long begins before the steps are known.
SAFE_STEPS = 26
FREEZING = [name for name, fault in FAULTS.items() if fault.process and fault.process.freezes]
OTHERS = [name for name in FAULTS if name not in FREEZING]
# The rest needs a run of its own for each kind of process fault.


@pytest.fixture(scope="session")
def cases(matrix: Matrix) -> list[Case]:
    """The cases, run."""
    chance = random.Random(SEED)
    frozen = [
        matrix.case("fresh", server, fault, chance.randint(1, SAFE_STEPS)) for server in SERVERS for fault in FREEZING
    ]
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(matrix.run_all, frozen)
        explored = matrix.explore((path, server) for path in PATHS for server in SERVERS)
        chosen = [case for case in matrix.cases(Chosen(list(PATHS), SERVERS, OTHERS)) if is_cheap(case)]
        others = matrix.run_all(sample(chosen, 0, SEED))
        return [*explored, *slow.result(), *others]


def is_cheap(case: Case) -> bool:
    """Whether a case can share its run with others of the sample."""
    fault: Fault | None = case.fault
    return not (fault and fault.process) or case.path.name != "rollback"


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_promise_holds(cases: list[Case], fault: str, server: str) -> None:
    of_interest = [case for case in cases if case.fault and (case.fault.name, case.server.name) == (fault, server)]
    assert of_interest
    assert told(of_interest) == ""


@pytest.mark.parametrize("server", SERVERS)
def test_a_run_that_nothing_disturbs(cases: list[Case], server: str) -> None:
    assert told([case for case in cases if not case.fault and case.server.name == server]) == ""


def told(cases: list[Case]) -> str:
    """Every broken promise, and the command that runs its case alone."""
    return "\n".join(
        f"{finding.promise}: {finding.seen} (at {case.reached}; tools/faults.sh --only {case.name})"
        for case in cases
        for finding in case.findings
    )
