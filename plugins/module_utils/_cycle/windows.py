# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a client may be rotated: its maintenance windows, less the periods in which changes are frozen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from .wall_clock import DAY, Stretch, offset_at, showing

# How many days are searched for an opening, before giving up; most are found in the first span.
SEARCH_DAYS = (10, 100, 1000)
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Window:
    """Hours of some weekdays, on the clocks of a zone.

    ``days`` are those on which it begins (0 is Monday). ``start`` and ``end`` count from midnight of that day;
    an end beyond 24 hours lies on the day after.
    """

    days: frozenset[int]
    start: timedelta
    end: timedelta
    zone: ZoneInfo

    def stretches(self, begin: datetime, end: datetime) -> Iterator[Stretch]:
        """Yield when it is open; the first and the last may reach beyond the span."""
        day = begin.astimezone(self.zone).date() - DAY
        while day <= end.astimezone(self.zone).date():
            if day.weekday() in self.days:
                midnight = datetime.combine(day, time())
                yield from showing(self.zone, midnight + self.start, midnight + self.end)
            day += DAY


@dataclass(frozen=True)
class Freeze:
    """A period in which nothing is changed, from ``start`` until before ``end``."""

    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True)
class Calendar:
    """All windows and freezes of a client; without a window it is open whenever no freeze holds."""

    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()

    def stretches(self, begin: datetime, end: datetime) -> list[Stretch]:
        """Return when it is open between two moments, in order and without overlaps."""
        whole = [(begin, end)]
        openings = _whole_days(self.windows, begin.astimezone(UTC).date(), end.astimezone(UTC).date())
        opened = [(max(first, begin), min(last, end)) for first, last in openings] if self.windows else whole
        for freeze in self.freezes:
            parts = [((first, min(last, freeze.start)), (max(first, freeze.end), last)) for first, last in opened]
            opened = [part for pair in parts for part in pair]
        return [(first, last) for first, last in opened if first < last]

    def days(self, first: date, count: int) -> str:
        """Return a letter for each day of UTC: o if it opens, f if a freeze and w if the windows keep it closed.

        Empty where it is always open.
        """
        midnights = (datetime.combine(first, time(), UTC) + number * DAY for number in range(count))
        return "".join(map(self._letter, midnights)) if self.windows or self.freezes else ""

    def is_open(self, moment: datetime) -> bool:
        """Return True if a rotation may start at this moment."""
        return bool(self.stretches(moment, moment + INSTANT))

    def is_open_for_run(self, run: datetime, now: datetime) -> bool:
        """Return True if a later run may rotate, if its schedule keeps to UTC or to the clocks of a window's zone."""
        return _is_open_for_run(self, run, now)

    def next_opening(self, moment: datetime) -> datetime | None:
        """Return the first moment, from this one on, at which it is open; None where there is none in sight."""
        for days in SEARCH_DAYS:
            openings = self.stretches(moment, moment + timedelta(days=days))
            if openings:
                return openings[0][0]
        return None

    def closed_because(self, moment: datetime) -> str:
        """Return why it is closed at a moment; nothing where it is open."""
        reasons = [freeze.reason for freeze in self.freezes if freeze.start <= moment < freeze.end]
        if reasons:
            return f"changes are frozen ({', '.join(reasons)})"
        return "" if self.is_open(moment) else "it is outside the maintenance windows"

    def _letter(self, midnight: datetime) -> str:
        if self.stretches(midnight, midnight + DAY):
            return "o"
        frozen = any(freeze.start < midnight + DAY and midnight < freeze.end for freeze in self.freezes)
        return "f" if frozen else "w"


# The clients of a fleet ask for the same runs, and for the same days.
@lru_cache(maxsize=8192)
def _is_open_for_run(calendar: Calendar, run: datetime, now: datetime) -> bool:
    zones = {window.zone for window in calendar.windows}
    shifts = {offset_at(zone, now) - offset_at(zone, run) for zone in zones} | {timedelta()}
    return any(calendar.is_open(run + shift) for shift in shifts)


@lru_cache(maxsize=8192)
def _whole_days(windows: tuple[Window, ...], first: date, last: date) -> tuple[Stretch, ...]:
    """Return when one of the windows is open on these days of UTC, the last included."""
    begin, end = (datetime.combine(day, time(), UTC) for day in (first, last + DAY))
    return tuple(_merge(part for window in windows for part in window.stretches(begin, end)))


def _merge(stretches: Iterable[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for first, last in sorted(stretches):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged
