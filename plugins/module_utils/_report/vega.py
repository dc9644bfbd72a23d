# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the charts share, in the words of Vega-Lite: https://vega.github.io/vega-lite/docs/. Pure.

Colours are variables of page.css, so that one picture serves light, dark and paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Spec = dict[str, Any]
COLOURS = [f"var(--chart-{number})" for number in range(1, 7)]
GREY = "var(--chart-0)"
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


def week_axis(columns: list[str]) -> Spec:
    """Return an axis of weeks, with a label where a month begins."""
    starts = [week for before, week in pairwise(columns) if before[:7] != week[:7]]
    labels = {"labelExpr": "utcFormat(toDate(datum.value), '%b')", "labelAngle": 0, "labelOverlap": True}
    axis = {"title": None, "ticks": False, "values": starts, **labels}
    return {"field": "week", "type": "ordinal", "scale": {"domain": columns}, "axis": axis}


def scale(name: str, values: dict[str, str]) -> Spec:
    """Return a scale that gives each value of a field its colour or its shape."""
    return {"field": name, "type": "nominal", "scale": {"domain": [*values], "range": [*values.values()]}}


def tooltips(*names: str) -> list[Spec]:
    """Return a tooltip with the values of some fields."""
    return [{"field": name, "type": "nominal"} for name in names]
