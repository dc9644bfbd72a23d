# SPDX-License-Identifier: GPL-3.0-or-later
"""A short year: a hundred and twenty days of twenty clients."""

from __future__ import annotations

from collections import Counter

from .checks import violations
from .year import simulate


def test_twenty_clients_are_kept_for_a_hundred_and_twenty_days() -> None:
    history = simulate(clients=20, days=120, seed=4)
    assert violations(history) == {name: [] for name in violations(history)}
    # Of every kind of trouble there was some: otherwise nothing is proven.
    assert {trouble.kind for trouble in history.troubles} >= {"missed run", "death", "server down", "aws denied"}
    assert Counter(change.trigger for change in history.changes).keys() >= {"scheduled", "on_demand", "rollback"}
    assert {message.event for message in history.messages} == {"upcoming", "rotated", "failed", "overdue"}
