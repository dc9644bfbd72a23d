# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calendar of the load: a square for each day, past and to come. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from .facts import Document
from .trends import day_of, week_of, weeks
from .vega import Chart, Spec, scale, tooltips, week_axis

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHADES = 4
NONE, EXPECTED = "none", "expected"
HEADINGS = ("week from", "new passwords", EXPECTED)


@dataclass(frozen=True)
class Load:
    """New passwords of each day: those that there were, and those that are expected from ``today`` on."""

    done: Counter[date]
    planned: Counter[date]
    today: date

    def most(self) -> int:
        """Return the most on one day; 1 where there is none."""
        return max([*self.done.values(), *self.planned.values()], default=1)

    def of(self, day: date) -> tuple[int, str]:
        """Return how many there are on a day, and whether they are only expected."""
        return (self.planned[day], EXPECTED) if day >= self.today and not self.done[day] else (self.done[day], "")


def calendar(document: Document) -> Chart:
    """Return the chart."""
    load = _load(document)
    last = max([load.today, *load.planned])
    columns = weeks(document["since"], last.isoformat())
    first = date.fromisoformat(columns[0])
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    busiest, most = max(load.done.items(), key=lambda item: item[1], default=(load.today, 0))
    says = f"New passwords of each day, and those expected. The most on one day: {most}, on {busiest}."
    rows = list(zip(columns, _by_week(load.done, columns), _by_week(load.planned, columns), strict=True))
    return Chart("calendar", "Load per day", says, _spec(load, columns, days), HEADINGS, rows)


def _load(document: Document) -> Load:
    today = day_of(document["at"])
    done = Counter({date.fromisoformat(day): count for day, count in document["trends"]["days"].items()})
    known = (client for client in document["clients"] if "expected" in client)
    planned = Counter(max(day_of(client["expected"] or document["at"]), today) for client in known)
    return Load(done, planned, today)


def _spec(load: Load, columns: list[str], days: Iterable[date]) -> Spec:
    shades = _shades(load.most())
    return {
        "width": "container",
        "height": {"step": 15},
        "data": {"values": [_square(load, day, shades) for day in days]},
        "mark": {"type": "rect", "cornerRadius": 2, "stroke": "var(--paper)", "strokeWidth": 2},
        "encoding": {
            "x": week_axis(columns),
            "y": {"field": "weekday", "sort": [*WEEKDAYS], "axis": {"title": None, "ticks": False, "domain": False}},
            "color": {**scale("shade", _colours(shades)), "legend": {"columns": 2 * SHADES + 1}},
            "tooltip": tooltips("day", "count", "shade"),
        },
    }


def _square(load: Load, day: date, shades: list[range]) -> dict[str, Any]:
    count, expected = load.of(day)
    shade = next((f"{_name(numbers)} {expected}".strip() for numbers in shades if count in numbers), NONE)
    week, weekday = week_of(day.isoformat()), WEEKDAYS[day.weekday()]
    return {"week": week, "weekday": weekday, "day": day.isoformat(), "count": count, "shade": shade}


def _shades(most: int) -> list[range]:
    """Return the numbers that have one shade each."""
    width = -(-most // SHADES)
    return [range(low, low + width) for low in range(1, most + 1, width)]


def _colours(shades: list[range]) -> dict[str, str]:
    done = {_name(numbers): f"var(--done-{place})" for place, numbers in enumerate(shades, 1)}
    planned = {f"{_name(numbers)} {EXPECTED}": f"var(--plan-{place})" for place, numbers in enumerate(shades, 1)}
    return {NONE: "var(--none)", **done, **planned}


def _name(numbers: range) -> str:
    return f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def _by_week(days: Counter[date], columns: list[str]) -> list[int]:
    totals = Counter[str]()
    for day, count in days.items():
        totals[week_of(day.isoformat())] += count
    return [totals[week] for week in columns]
