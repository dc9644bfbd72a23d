# SPDX-License-Identifier: GPL-3.0-or-later
"""A short year: a hundred and twenty days of twenty clients."""

from __future__ import annotations

from collections import Counter

import pytest

from . import evidence
from .checks import violations
from .history import History
from .year import Year, simulate

Found = tuple[History, evidence.Document, set[str]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The history of the year, its evidence, and the versions whose events died with a run."""
    found = list[tuple[evidence.Document, set[str]]]()

    def at_end(year: Year) -> None:
        document = evidence.collect(year, tmp_path_factory.mktemp("evidence"))
        found.append((document, evidence.unrecorded(year.history, year.controller.trail.lines)))

    return simulate(clients=20, days=120, seed=4, at_end=at_end), *found[0]


def test_twenty_clients_are_kept_for_a_hundred_and_twenty_days(lived: Found) -> None:
    history, _document, _lost = lived
    assert violations(history) == {name: [] for name in violations(history)}
    # Of every kind of trouble there was some: otherwise nothing is proven.
    assert {trouble.kind for trouble in history.troubles} >= {"missed run", "death", "server down", "aws denied"}
    assert Counter(change.trigger for change in history.changes).keys() >= {"scheduled", "on_demand", "rollback"}
    assert {message.event for message in history.messages} == {"upcoming", "rotated", "failed", "overdue"}


def test_evidence_of_a_year_in_trouble_has_each_exception_once(lived: Found) -> None:
    history, document, lost = lived
    # A rule refused something: nothing was late for it, so it is an action and no exception.
    refused = Counter((row["client"], "failed") for row in document["actions"] if row["what"] == "refused")
    assert evidence.told(document, "failed") + refused == evidence.failed(history)
    assert evidence.told(document, "late", "overdue") == evidence.late(history, history.end)
    gaps = " ".join(row["reason"] for row in document["exceptions"] if row["kind"] == "unrecorded")
    assert set(filter(lost.__contains__, gaps.split())) == lost and (lost or not gaps)
