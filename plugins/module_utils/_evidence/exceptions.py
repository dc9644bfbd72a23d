# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was not as it has to be: the exceptions of a period, each as a row. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from .._report.events import DONE, NEW_PASSWORD, RUN, Event, deed, moment
from .._results import text
from .._stamp import stamp
from .passwords import Password, Past
from .period import DAY, Period
from .reasons import code_of, reason

LATE, OVERDUE, FAILED, UNRECORDED, STRANGER = "late", "overdue", "failed", "unrecorded", "unexpected reader"
NOBODY_ASKED = "the audit trail knows this client, and it is not among those of this run: what came then is not known"
# Their failures keep no password from being changed.
HARMLESS = (RUN, "notice", "backup")

Row = dict[str, Any]


@dataclass(frozen=True)
class Client:
    """A client with its events, the oldest first, and its passwords; ``runs`` is when scheduled runs ended."""

    name: str
    past: Past
    events: Sequence[Event]
    runs: Sequence[datetime] = field(repr=False)

    def replaced(self, period: Period) -> list[tuple[Password, datetime | None]]:
        """Return the passwords that were replaced in the period, or had to be, with the moment when they were.

        Of one before a gap nobody knows when that was; the gap is an exception itself. One with which the client left
        had to be replaced only where that was later than its due date.
        """
        ends: list[datetime | None] = [*(one.since for one in self.past.passwords[1:]), None]
        found = list[tuple[Password, datetime | None]]()
        for one, ended in zip(self.past.passwords, ends, strict=True):
            if one.left:
                found += [(one, None)] if one.limit < min(one.left, period.end) and one.left >= period.start else []
            elif self.past.is_of_gap(one):
                continue
            elif ended and ended < period.end:
                found += [(one, ended)] if ended >= period.start else []
            elif one.limit < period.end:
                found.append((one, None))
        return found


def exceptions(clients: Iterable[Client], readers: Iterable[Row], period: Period) -> list[Row]:
    """Return all exceptions of a period, by client."""
    found = [one for client in clients for one in _of_client(client, period)]
    return sorted([*found, *_strangers(readers)], key=lambda one: (one["client"], one["since"], one["kind"]))


def is_late(password: Password, ended: datetime | None) -> bool:
    """Return True if a password was not replaced in time."""
    return ended is None or ended > password.limit


def _of_client(client: Client, period: Period) -> Iterator[Row]:
    for password, ended in client.replaced(period):
        if is_late(password, ended):
            until = ended or min(password.left or period.end, period.end)
            why = reason(client.events, client.runs, password.due, until)
            yield _row(LATE if ended else OVERDUE, client.name, password.due, until, why, days=_days(password, until))
    for gap in client.past.gaps:
        if gap.since < period.end and gap.until >= period.start:
            what = f"version {gap.version} was AWSCURRENT, and the audit trail has no event of it"
            yield _row(UNRECORDED, client.name, gap.since, gap.until, what)
    yield from _failures(client, period)


def _days(password: Password, until: datetime) -> float:
    return round((until - password.due) / DAY, 1)


def _failures(client: Client, period: Period) -> Iterator[Row]:
    """Yield the failures of a client; those with no success between them are one exception."""
    told = [
        event for event in client.events if period.holds(moment(event["time"])) and (_failed(event) or _done(event))
    ]
    for failed, group in groupby(told, _failed):
        if failed:
            events = list(group)
            codes = dict.fromkeys(map(code_of, events))
            times = len({text(event, "run_id") for event in events})
            first, last = moment(events[0]["time"]), moment(events[-1]["time"])
            yield _row(FAILED, client.name, first, last, ", ".join(codes), times=times)


def _failed(event: Event) -> bool:
    return event.get("outcome") == FAILED and event.get("kind") not in HARMLESS


def _done(event: Event) -> bool:
    one = deed(event)
    return bool(one and (one.what in NEW_PASSWORD or one.what in DONE.values()))


def _strangers(readers: Iterable[Row]) -> Iterator[Row]:
    def whose(one: Row) -> tuple[str, str, str]:
        return one["client"], one["who"], one["outcome"]

    for (client, who, outcome), group in groupby(sorted(readers, key=whose), whose):
        times = sorted(moment(one["time"]) for one in group)
        yield _row(STRANGER, client, times[0], times[-1], f"{who}: {outcome}", times=len(times))


def _row(
    kind: str, client: str, since: datetime, until: datetime, why: str, *, times: int = 1, days: float | None = None
) -> Row:
    return {
        "kind": kind,
        "client": client,
        "since": stamp(since),
        "until": stamp(until),
        "days": days,
        "times": times,
        "reason": why,
    }
