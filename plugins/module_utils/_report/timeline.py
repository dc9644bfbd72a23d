# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline: the last cycle and the next of the clients that the table shows. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from .facts import Document
from .vega import COLOURS, GREY, Chart, Spec, scale

MOST_DAYS, USUAL_DAYS = 90, 40
DAYS = {"window": "var(--window)", "frozen": "var(--frozen)"}
BARS = {"previous": GREY, "current": COLOURS[0], "next": "var(--next)", "overdue": "var(--bad)"}
SHAPES = {"rotated": "circle", "due": "diamond", "expected": "triangle-down"}
COLOURS_OF_SHAPES = {"rotated": "var(--done-4)", "due": "var(--ink)", "expected": COLOURS[3]}
X: Spec = {
    "type": "temporal",
    "scale": {"type": "utc"},
    "axis": {"title": None, "orient": "top", "format": "%d %b", "tickCount": 9},
}
SAYS = "The last cycle and the next of each client in the table, with its windows and freezes. Dashed: now."


def timeline(document: Document) -> Chart:
    """Return the chart; page.js hands it the spans and marks of the clients."""
    spec = {
        "width": "container",
        "height": {"step": 20},
        "encoding": {
            "y": {"field": "client", "type": "nominal", "sort": None, "axis": {"title": None, "ticks": False}},
            "tooltip": {"field": "says", "type": "nominal"},
        },
        "layer": [
            _spans("days", DAYS, {"height": {"band": 0.9}}),
            _spans("bars", BARS, {"height": {"band": 0.45}, "cornerRadius": 2}),
            _marks(),
            _now(document),
        ],
        "resolve": {"scale": {"color": "independent", "shape": "independent"}},
    }
    return Chart("timeline", "Timeline", SAYS, spec)


def _spans(name: str, colours: dict[str, str], mark: Spec) -> Spec:
    return {
        "data": {"name": name},
        "mark": {"type": "bar", "clip": True, **mark},
        "encoding": {
            "x": {"field": "from", **X},
            "x2": {"field": "to"},
            "color": {**scale("kind", colours), "legend": {"columns": len(colours)}},
        },
    }


def _marks() -> Spec:
    kinds = {"shape": scale("kind", SHAPES), "color": scale("kind", COLOURS_OF_SHAPES)}
    return {
        "data": {"name": "marks"},
        "mark": {"type": "point", "filled": True, "opacity": 1, "size": 55, "clip": True},
        "encoding": {"x": {"field": "at", **X}, **kinds},
    }


def _now(document: Document) -> Spec:
    return {
        "data": {"values": [{"at": document["at"]}]},
        "mark": {"type": "rule", "color": "var(--ink)", "strokeDash": [3, 3]},
        # One layer says the span, for all: of two, Vega-Lite would make a union.
        "encoding": {"x": {"field": "at", **X, "scale": _span(document)}, "y": None, "tooltip": None},
    }


def _span(document: Document) -> Spec:
    """Return a scale of the usual cycle before and after the moment of the report."""
    cycles = Counter(client["cycle_days"] for client in document["clients"] if "cycle_days" in client)
    usual = cycles.most_common(1)[0][0] if cycles else USUAL_DAYS
    now, reach = datetime.fromisoformat(document["at"]), timedelta(days=min(usual, MOST_DAYS))
    # As expressions of numbers, not as moments: of those Vega would make none without compiling code.
    first, last = ({"expr": str(round((now + span).timestamp() * 1000))} for span in (-reach, reach))
    return {"type": "utc", "domainMin": first, "domainMax": last}
