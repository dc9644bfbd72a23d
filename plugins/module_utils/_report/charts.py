# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The charts, in Vega-Lite: https://vega.github.io/vega-lite/docs/. Pure.

Colours are variables of page.css, so that one picture serves light, dark and paper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from .._triggers import TRIGGERS
from .facts import Document
from .trends import OTHER, Row, day_of, week_of, weeks

Spec = dict[str, Any]
COLOURS = [f"var(--chart-{number})" for number in range(1, 7)]
GREY = "var(--chart-0)"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHADES = 4
MOST_DAYS = 90
TIME_AXIS = {"title": None, "orient": "top", "format": "%d %b", "tickCount": 9}
SOFT, LINE = "var(--soft)", "var(--line)"
AXES = {"labelColor": SOFT, "titleColor": SOFT, "domainColor": LINE, "tickColor": LINE, "gridColor": LINE}
CONFIG: Spec = {
    "background": None,
    "font": "system-ui, sans-serif",
    "aria": False,  # the page says in words and tables what a chart shows
    "view": {"stroke": None},
    "axis": {**AXES, "titleFontWeight": "normal", "labelLimit": 220},
    "legend": {
        "labelColor": SOFT,
        "title": None,
        "orient": "top",
        "labelLimit": 220,
        "columns": 3,
        "columnPadding": 14,
        "symbolType": "square",
    },
}


@dataclass(frozen=True)
class Chart:
    """A chart with what it shows in a sentence, and as a table."""

    name: str
    title: str
    says: str
    spec: Spec
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = field(default=(), repr=False)


def charts(document: Document) -> list[Chart]:
    """Return the charts of a document, in the order of the page."""
    return [timeline(document), calendar(document), rotations(document), failures(document), durations(document)]


def timeline(document: Document) -> Chart:
    """Return the chart of the clients that the table shows; page.js hands it their spans and marks."""
    x: Spec = {"type": "temporal", "scale": {"type": "utc"}, "axis": TIME_AXIS}
    bars = {"previous": GREY, "current": COLOURS[0], "next": "var(--next)", "overdue": "var(--bad)"}
    days = {"window": "var(--window)", "frozen": "var(--frozen)"}
    marks = {
        "rotated": ("circle", "var(--done-4)"),
        "due": ("diamond", "var(--ink)"),
        "expected": ("triangle-down", COLOURS[3]),
    }
    spec: Spec = {
        "width": "container",
        "height": {"step": 20},
        "encoding": {
            "y": {"field": "client", "type": "nominal", "sort": None, "axis": {"title": None, "ticks": False}},
            "tooltip": {"field": "says", "type": "nominal"},
        },
        "layer": [
            _spans("days", x, days, {"height": {"band": 0.9}}),
            _spans("bars", x, bars, {"height": {"band": 0.45}, "cornerRadius": 2}),
            {
                "data": {"name": "marks"},
                "mark": {"type": "point", "filled": True, "opacity": 1, "size": 55, "clip": True},
                "encoding": {
                    "x": {"field": "at", **x},
                    "shape": _scale("kind", list(marks), [shape for shape, _ in marks.values()]),
                    "color": _scale("kind", list(marks), [colour for _, colour in marks.values()]),
                },
            },
            {
                "data": {"values": [{"at": document["at"]}]},
                "mark": {"type": "rule", "color": "var(--ink)", "strokeDash": [3, 3]},
                # One layer says the span, for all: of two, Vega-Lite would make a union.
                "encoding": {"x": {"field": "at", **x, "scale": _span(document)}, "y": None, "tooltip": None},
            },
        ],
        "resolve": {"scale": {"color": "independent", "shape": "independent"}},
    }
    says = "The last cycle and the next of each client in the table, with its windows and freezes. Dashed: now."
    return Chart("timeline", "Timeline", says, spec)


def calendar(document: Document) -> Chart:
    """Return the days as squares: how many new passwords there were, and how many are expected."""
    done = Counter({date.fromisoformat(day): count for day, count in document["trends"]["days"].items()})
    planned = _planned(document)
    last = max([day_of(document["at"]), *planned])
    steps = _steps(max([*done.values(), *planned.values()], default=1))
    names = [f"{low}" if low == high else f"{low} to {high}" for low, high in steps]
    domain = ["none", *names, *(f"{name} expected" for name in names)]
    colours = ["var(--none)", *(f"var(--{kind}-{n + 1})" for kind in ("done", "plan") for n in range(len(steps)))]
    columns = weeks(document["since"], last.isoformat())
    first = date.fromisoformat(columns[0])
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    today = day_of(document["at"])
    values = []
    for day in days:
        count, kind = (planned[day], " expected") if day >= today and not done[day] else (done[day], "")
        shade = next((name for name, (low, high) in zip(names, steps, strict=True) if low <= count <= high), "")
        week, name = week_of(day.isoformat()), WEEKDAYS[day.weekday()]
        values.append(
            {
                "week": week,
                "weekday": name,
                "day": day.isoformat(),
                "count": count,
                "shade": shade + kind if count else "none",
            }
        )
    spec = {
        "width": "container",
        "height": {"step": 15},
        "data": {"values": values},
        "mark": {"type": "rect", "cornerRadius": 2, "stroke": "var(--paper)", "strokeWidth": 2},
        "encoding": {
            "x": _week(columns),
            "y": {"field": "weekday", "sort": list(WEEKDAYS), "axis": {"title": None, "ticks": False, "domain": False}},
            "color": {**_scale("shade", domain, colours), "legend": {"columns": len(domain)}},
            "tooltip": _tooltips("day", "count", "shade"),
        },
    }
    busiest = max(done.items(), key=lambda item: item[1], default=(today, 0))
    says = f"New passwords of each day, and those expected. The most on one day: {busiest[1]}, on {busiest[0]}."
    totals = Counter[str]()
    for day in days:
        totals[week_of(day.isoformat())] += done[day]
    expected = Counter[str]()
    for day, count in planned.items():
        expected[week_of(day.isoformat())] += count
    rows = [(week, totals[week], expected[week]) for week in columns]
    return Chart("calendar", "Load per day", says, spec, ("week from", "new passwords", "expected"), rows)


def rotations(document: Document) -> Chart:
    """Return new passwords of each week by trigger."""
    rows = document["trends"]["rotations"]
    says = f"{_sum(rows)} new passwords, by week and by trigger{_shares(rows)}."
    known = [trigger.replace("_", " ") for trigger in TRIGGERS]
    kinds = sorted({row["of"] for row in rows}, key=lambda kind: known.index(kind) if kind in known else len(known))
    return _weekly("rotations", "New passwords", says, rows, kinds, document)


def failures(document: Document) -> Chart:
    """Return failures of each week by cause."""
    rows = document["trends"]["failures"]
    says = f"{_sum(rows)} failures, by week and by cause{_shares(rows)}."
    kinds = [cause for cause, _count in _totals(rows).most_common() if cause != OTHER]
    return _weekly("failures", "Failures", says, rows, [*kinds, OTHER][: len(_totals(rows))], document)


def durations(document: Document) -> Chart:
    """Return how long rotations took."""
    rows = document["trends"]["durations"]
    longest = max((row["most"] for row in rows), default=0)
    says = f"Seconds of a rotation: half took at most the dark line, 95 % at most the light one ({longest:.1f} s)."
    spec = {
        "width": "container",
        "height": 150,
        "data": {"values": rows},
        "encoding": {"x": _week(_weeks(document)), "tooltip": _tooltips("week", "half", "most")},
        "layer": [
            {
                "mark": {"type": mark, "color": COLOURS[0], "opacity": opacity},
                "encoding": {"y": {"field": column, "type": "quantitative", "title": "seconds"}},
            }
            for mark, column, opacity in (("area", "most", 0.2), ("line", "half", 1))
        ],
    }
    table = [(row["week"], f"{row['half']:.2f}", f"{row['most']:.2f}") for row in rows]
    return Chart("durations", "Durations", says, spec, ("week from", "half at most", "95 % at most"), table)


def _weekly(name: str, title: str, says: str, rows: list[Row], kinds: list[str], document: Document) -> Chart:
    colours = [GREY if kind == OTHER else COLOURS[number % len(COLOURS)] for number, kind in enumerate(kinds)]
    spec = {
        "width": "container",
        "height": 150,
        "data": {"values": rows},
        "mark": {"type": "bar"},
        "encoding": {
            "x": _week(_weeks(document)),
            "y": {"field": "count", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1, "tickCount": 5}},
            "color": _scale("of", kinds, colours),
            "tooltip": _tooltips("week", "of", "count"),
        },
    }
    return Chart(
        name, title, says, spec, ("week from", "of", "count"), [(r["week"], r["of"], r["count"]) for r in rows]
    )


def _spans(name: str, x: Spec, colours: dict[str, str], mark: Spec) -> Spec:
    return {
        "data": {"name": name},
        "mark": {"type": "bar", "clip": True, **mark},
        "encoding": {
            "x": {"field": "from", **x},
            "x2": {"field": "to"},
            "color": {**_scale("kind", list(colours), list(colours.values())), "legend": {"columns": len(colours)}},
        },
    }


def _span(document: Document) -> Spec:
    """Return a scale of the usual cycle before and after the moment of the report."""
    usual = Counter(client["cycle_days"] for client in document["clients"] if "cycle_days" in client)
    reach = timedelta(days=min(max([days for days, _ in usual.most_common(1)], default=40), MOST_DAYS))
    now = datetime.fromisoformat(document["at"])
    # As expressions of numbers, not as moments: of those Vega would make none without compiling code.
    first, last = ({"expr": str(round((now + span).timestamp() * 1000))} for span in (-reach, reach))
    return {"type": "utc", "domainMin": first, "domainMax": last}


def _week(columns: list[str]) -> Spec:
    starts = [week for before, week in pairwise(columns) if before[:7] != week[:7]]
    axis = {
        "title": None,
        "values": starts,
        "labelExpr": "utcFormat(toDate(datum.value), '%b')",
        "labelAngle": 0,
        "labelOverlap": True,
    }
    return {"field": "week", "type": "ordinal", "scale": {"domain": columns}, "axis": {**axis, "ticks": False}}


def _scale(name: str, domain: list[str], colours: list[str]) -> Spec:
    return {"field": name, "type": "nominal", "scale": {"domain": domain, "range": colours}}


def _tooltips(*names: str) -> list[Spec]:
    return [{"field": name, "type": "nominal"} for name in names]


def _steps(most: int) -> list[tuple[int, int]]:
    """Return numbers of rotations that get one shade each."""
    width = -(-most // SHADES)
    return [(low, low + width - 1) for low in range(1, most + 1, width)]


def _planned(document: Document) -> Counter[date]:
    today = day_of(document["at"])
    known = (client for client in document["clients"] if "expected" in client)
    return Counter(max(day_of(client["expected"] or document["at"]), today) for client in known)


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
