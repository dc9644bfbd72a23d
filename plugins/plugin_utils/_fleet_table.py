# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a fleet as a table, as JSON or as CSV, the most urgent client first."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._clean import cell
from ..module_utils._events import OFFBOARDED
from ._table import Layout

COLUMNS = ("client", "last", "due", "days_left", "trigger", "pending", "overlap_until", "failures", "state")
LAYOUT = Layout(COLUMNS, spare=("overlap_until", "trigger", "last", "due", "pending"))


def fleet_status(states: Mapping[str, Mapping[str, Any]], form: str = "table", width: int = 0) -> str:
    """Return the text."""
    if form not in FORMS:
        raise AnsibleFilterError(f"rotation_status_form is {form!r}; it can be {', '.join(FORMS)}.")
    lines = [_line(name, state) for name, state in states.items()]
    lines.sort(key=lambda line: (line["state"] in (OFFBOARDED, "unknown"), line["days_left"], line["client"]))
    return LAYOUT.table(lines, width) if form == TABLE else PROGRAMS[form](lines)


def _line(name: str, state: Mapping[str, Any]) -> dict[str, Any]:
    if state.get("failed") or "due" not in state:
        return dict.fromkeys(COLUMNS, "") | {"client": name, "days_left": 0, "failures": 0, "state": "unknown"}
    return {
        "client": name,
        "last": state["last"],
        "due": state["due"],
        "days_left": state["days_left"],
        "trigger": state["trigger"],
        "pending": "unfinished" if state["unfinished"] else "",
        "overlap_until": state["overlap_until"],
        "failures": state["failures"]["count"],
        "state": _state(state),
    }


def _state(state: Mapping[str, Any]) -> str:
    words = {
        OFFBOARDED: bool(state.get("offboarded")),
        "overdue": state["overdue"],
        "failing": state["failures"]["count"] > 0,
        "paused": bool(state["paused"]),
        "waiting": state["waiting"],
        "due": state["due_now"],
    }
    return next((word for word, applies in words.items() if applies), "ok")


def _csv(lines: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: cell(line[column]) for column in COLUMNS} for line in lines)
    return text.getvalue()


TABLE = "table"
PROGRAMS: dict[str, Callable[[list[dict[str, Any]]], str]] = {"json": json.dumps, "csv": _csv}
FORMS = (TABLE, *PROGRAMS)
