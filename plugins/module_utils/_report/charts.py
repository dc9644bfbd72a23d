# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The charts of a report, and those of them that show weeks. Pure."""

from __future__ import annotations

from collections import Counter

from .._triggers import TRIGGERS
from .calendar import calendar
from .facts import Document
from .timeline import timeline
from .trends import OTHER, Row, weeks
from .vega import COLOURS, GREY, Chart, Spec, scale, tooltips, week_axis

SIZE: Spec = {"width": "container", "height": 150}


def charts(document: Document) -> list[Chart]:
    """Return the charts of a document, by their names on the page."""
    return [timeline(document), calendar(document), rotations(document), failures(document), durations(document)]


def rotations(document: Document) -> Chart:
    """Return new passwords of each week by trigger."""
    rows = document["trends"]["rotations"]
    known = [trigger.replace("_", " ") for trigger in TRIGGERS]
    kinds = sorted({row["of"] for row in rows}, key=lambda kind: known.index(kind) if kind in known else len(known))
    says = f"{_sum(rows)} new passwords, by week and by trigger{_shares(rows)}."
    return _weekly("rotations", "New passwords", says, document, kinds)


def failures(document: Document) -> Chart:
    """Return failures of each week by cause, the rare ones together."""
    rows = document["trends"]["failures"]
    totals = _totals(rows)
    kinds = sorted(totals, key=lambda cause: (cause == OTHER, -totals[cause]))
    says = f"{_sum(rows)} failures, by week and by cause{_shares(rows)}."
    return _weekly("failures", "Failures", says, document, kinds)


def durations(document: Document) -> Chart:
    """Return how long rotations took."""
    rows = document["trends"]["durations"]
    longest = max((row["most"] for row in rows), default=0)
    says = f"Seconds of a rotation: half took at most the dark line, 95 % at most the light one ({longest:.1f} s)."
    spec = {
        **SIZE,
        "data": {"values": rows},
        "encoding": {"x": week_axis(_weeks(document)), "tooltip": tooltips("week", "half", "most")},
        "layer": [_seconds("area", "most", 0.2), _seconds("line", "half", 1)],
    }
    table = [(row["week"], f"{row['half']:.2f}", f"{row['most']:.2f}") for row in rows]
    return Chart("durations", "Durations", says, spec, ("week from", "half at most", "95 % at most"), table)


def _seconds(mark: str, column: str, opacity: float) -> Spec:
    return {
        "mark": {"type": mark, "color": COLOURS[0], "opacity": opacity},
        "encoding": {"y": {"field": column, "type": "quantitative", "title": "seconds"}},
    }


def _weekly(name: str, title: str, says: str, document: Document, kinds: list[str]) -> Chart:
    """Return a chart of numbers by week; ``name`` is that of the trend, too."""
    rows = document["trends"][name]
    colours = {kind: GREY if kind == OTHER else COLOURS[place % len(COLOURS)] for place, kind in enumerate(kinds)}
    spec = {
        **SIZE,
        "data": {"values": rows},
        "mark": {"type": "bar"},
        "encoding": {
            "x": week_axis(_weeks(document)),
            "y": {"field": "count", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1, "tickCount": 5}},
            "color": scale("of", colours),
            "tooltip": tooltips("week", "of", "count"),
        },
    }
    table = [(row["week"], row["of"], row["count"]) for row in rows]
    return Chart(name, title, says, spec, ("week from", "of", "count"), table)


def _weeks(document: Document) -> list[str]:
    return weeks(document["since"], document["at"])


def _sum(rows: list[Row]) -> int:
    return sum(row["count"] for row in rows)


def _totals(rows: list[Row]) -> Counter[str]:
    totals = Counter[str]()
    for row in rows:
        totals[row["of"]] += row["count"]
    return totals


def _shares(rows: list[Row]) -> str:
    shares = ", ".join(f"{count} {of}" for of, count in _totals(rows).most_common())
    return f": {shares}" if shares else ""
