# SPDX-License-Identifier: GPL-3.0-or-later
"""A short year: a hundred and twenty days of twenty clients."""

from __future__ import annotations

from collections import Counter

import pytest

from . import evidence
from .checks import violations
from .history import History
from .year import Year, simulate

Found = tuple[History, list[str]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The history of the year, and what its evidence has too much or too little of."""
    wrong = list[str]()

    def at_end(year: Year) -> None:
        wrong.extend(evidence.differences(year, evidence.collect(year, tmp_path_factory.mktemp("evidence"))))

    return simulate(clients=20, days=120, seed=4, at_end=at_end), wrong


def test_twenty_clients_are_kept_for_a_hundred_and_twenty_days(lived: Found) -> None:
    history, _wrong = lived
    assert violations(history) == {name: [] for name in violations(history)}
    # Of every kind of trouble there was some: otherwise nothing is proven.
    assert {trouble.kind for trouble in history.troubles} >= {"missed run", "death", "server down", "aws denied"}
    assert Counter(change.trigger for change in history.changes).keys() >= {"scheduled", "on_demand", "rollback"}
    assert {message.event for message in history.messages} == {"upcoming", "rotated", "failed", "overdue"}


def test_evidence_of_a_year_in_trouble_has_each_exception_and_no_other(lived: Found) -> None:
    history, wrong = lived
    assert wrong == [] and evidence.late(history, history.end) and evidence.failed(history)
