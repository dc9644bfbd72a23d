# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence has the exceptions that were planted into a calm year, with their reasons, and no others."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from . import evidence
from .fleet import Client, as_options
from .history import DAY
from .plan import Day, Plan
from .year import Year, simulate

CLIENTS, DAYS = 6, 140
# What each client meets once, so many days long, beginning when it is due so soon.
PLANTED = {
    "client_000": ("server down", "failed: connection_failed"),
    "client_001": ("aws denied", "failed: aws_denied"),
    "client_002": ("paused", "paused until"),
    "client_003": ("frozen", "changes are frozen (release)"),
    "client_004": ("missed run", "no scheduled run from"),
}
SOON, LASTS = 9, 12
# What all clients meet comes in turn, long enough after the other.
FROM = {"frozen": 50, "missed run": 80}
# The event of this client's second rotation is lost.
LOST = "client_005"


class CalmPlan(Plan):
    """Dice that throw nothing."""

    def _happens(self, chance: float) -> bool:
        return chance >= 1


class CalmYear(Year):
    """A year in which only what is planted goes wrong."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.plan = CalmPlan(self.plan.dice, self.plan.faults, self.history.end)
        self.controller.freezes.clear()
        self.began: dict[str, datetime] = {}
        self.evidence: dict[str, Any] = {}
        self.lost = ""

    def _live_day(self, day: Day) -> None:
        for client in self.fleet:
            self._plant(client, day.begins)
        missed = self.began.get("missed run")
        super()._live_day(replace(day, missed=bool(missed and day.begins < missed + LASTS * DAY)))

    def _plant(self, client: Client, now: datetime) -> None:
        what, _reason = PLANTED.get(client.name, ("", ""))
        ready = now >= self.history.start + FROM.get(what, 20) * DAY
        if not what or what in self.began or not ready or datetime.fromisoformat(client.due) > now + SOON * DAY:
            return
        self.began[what] = now
        if what == "frozen":
            self.controller.freezes += as_options(iter([(now, now + LASTS * DAY)]))
        elif what != "missed run":
            self.plan.begin(client, what, now + LASTS * DAY, denied="PutSecretValue")

    def lose_an_event(self) -> None:
        """Take the event of a rotation out of the trail."""
        events = [json.loads(line) for line in self.controller.trail.lines]
        told = [n for n, event in enumerate(events) if event.get("client") == LOST and event.get("rotated")]
        self.lost = events[told[1]]["version_id"]
        del self.controller.trail.lines[told[1]]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> CalmYear:
    years: list[CalmYear] = []

    def at_end(year: Year) -> None:
        assert isinstance(year, CalmYear)
        year.lose_an_event()
        year.evidence = evidence.collect(year, tmp_path_factory.mktemp("evidence"))
        years.append(year)

    simulate(CLIENTS, DAYS, seed=2, kind=CalmYear, at_end=at_end)
    return years[0]


def test_the_exceptions_are_those_that_were_planted(year: CalmYear) -> None:
    """By the dates on the secrets and by what was made to go wrong; the trail is not asked for them."""
    document, history = year.evidence, year.history
    assert year.began.keys() == {what for what, _reason in PLANTED.values()}
    late = evidence.late(history, history.end)
    # Nobody was told when the lost version came, nor until when it was good.
    lost = [
        (begun.client, begun.due) for begun, then in history.intervals() if year.lost in (begun.version, then.version)
    ]
    assert evidence.told(document, "late", "overdue") == late - Counter(lost)
    assert evidence.told(document, "failed") == evidence.failed(history)
    assert {client for client, _kind in evidence.failed(history)} == {"client_000", "client_001"}
    assert evidence.told(document, "unexpected reader") == {("client_003", "unexpected reader"): 2}
    (gap,) = (row for row in document["exceptions"] if row["kind"] == "unrecorded")
    assert gap["client"] == LOST and year.lost in gap["reason"]


@pytest.mark.parametrize("client", PLANTED)
def test_who_was_late_was_late_because_of_what_was_planted(year: CalmYear, client: str) -> None:
    what, reason = PLANTED[client]
    began, ended = year.began[what], year.began[what] + LASTS * DAY
    reasons = [
        row["reason"]
        for row in year.evidence["exceptions"]
        if row["kind"] == "late" and row["client"] == client and began < datetime.fromisoformat(row["since"]) < ended
    ]
    assert len(reasons) == 1 and reason in reasons[0]


def test_everything_else_was_kept(year: CalmYear) -> None:
    clients = year.evidence["clients"]
    late = sum(row["kind"] in ("late", "overdue") for row in year.evidence["exceptions"])
    assert sum(one["due_dates"] - one["kept"] for one in clients) == late < sum(one["kept"] for one in clients)
    assert {one["read"] for one in year.evidence["sources"] if one["source"] != "policies of secrets"} == {"read"}
