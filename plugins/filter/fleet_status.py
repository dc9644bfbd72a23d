# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_status
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Write the state of a fleet as a table, as JSON or as CSV
description:
  - Takes what M(dbops.rotation.rotation_cycle_info) returns for each client, and gives one text with a line for each,
    the most urgent first.
options:
  _input:
    description:
      - A dictionary of names with what was returned for them.
    type: dict
    required: true
  form:
    description:
      - V(table) is for people, V(json) and V(csv) are for programs.
    type: str
    choices: [table, json, csv]
    default: table
seealso:
  - module: dbops.rotation.rotation_cycle_info
"""

EXAMPLES = r"""
- name: Show the fleet
  ansible.builtin.debug:
    msg: "{{ {'client_acme': acme_state} | dbops.rotation.fleet_status(form='csv') }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.dbops.rotation.plugins.module_utils._clean import cell, one_line

COLUMNS = ("client", "last", "due", "days_left", "trigger", "pending", "overlap_until", "failures", "state")


def fleet_status(states: Mapping[str, Mapping[str, Any]], form: str = "table") -> str:
    """Give the text."""
    if form not in FORMS:
        raise AnsibleFilterError(f"rotation_status_form is {form!r}; it can be {', '.join(FORMS)}.")
    lines = [_line(name, state) for name, state in states.items()]
    return FORMS[form](sorted(lines, key=lambda line: (line["state"] == "unknown", line["days_left"], line["client"])))


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
        "overdue": state["overdue"],
        "failing": state["failures"]["count"] > 0,
        "paused": bool(state["paused"]),
        "waiting": state["waiting"],
        "due": state["due_now"],
    }
    return next((word for word, holds in words.items() if holds), "ok")


def _table(lines: list[dict[str, Any]]) -> str:
    heads = [column.replace("_", " ") for column in COLUMNS]
    rows = [heads, *([one_line(str(line[column])) for column in COLUMNS] for line in lines)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(COLUMNS))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _csv(lines: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: cell(line[column]) for column in COLUMNS} for line in lines)
    return text.getvalue()


FORMS: dict[str, Callable[[list[dict[str, Any]]], str]] = {"table": _table, "json": json.dumps, "csv": _csv}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"fleet_status": fleet_status}
