# SPDX-License-Identifier: GPL-3.0-or-later
"""A seeded sample: each plant is found, and in one mode nothing else is. `make leakcheck` runs all modes in full."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from .check import Outcome, check, check_plants
from .failures import Sample
from .modes import ASYNC, MODES, RUNNER
from .scene import Scene, started
from .table import leaks

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("LEAKCHECK_SEED", "1"))
# Each needs more time than the sample has.
LONG = (RUNNER, ASYNC)


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with started() as found:
        yield found


@pytest.fixture(scope="module")
def planted(scene: Scene) -> Outcome:
    return check_plants(scene)


def test_every_plant_is_found(planted: Outcome) -> None:
    assert planted.troubles == []
    assert {name: len(cell.leaks) > 0 for name, cell in planted.cells.items()} == dict.fromkeys(planted.cells, True)


def test_nothing_else_is_found(scene: Scene, planted: Outcome) -> None:
    mode = random.Random(SEED).choice([mode for name, mode in MODES.items() if name not in LONG])
    outcome = check(scene, mode, Sample(SEED))
    assert outcome.troubles == [] and leaks([outcome]) == []
    # What was not looked at is no proof.
    silent = [name for name, cell in outcome.cells.items() if not cell.searched and planted.cells[name].searched]
    assert "output" not in silent and outcome.secrets > 10
