# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of evidence as CSV, which a spreadsheet opens without running anything. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .._clean import cell, inert
from .document import Document

TABLES = {
    "exceptions": ("kind", "client", "since", "until", "days", "times", "reason"),
    "clients": (
        *("client", "secret_id", "cycle_days", "known_since", "known", "due_dates", "kept", "last", "due", "left"),
    ),
    "actions": (
        *("time", "client", "what", "trigger", "requested_by", "reason", "code", "version_id", "playbook", "run_id"),
        "controller",
    ),
    "alarms": ("name", "state", "state_since", "metric", "comparison", "threshold", "enabled", "actions"),
    "policies": ("of", "name", "policy", "sha256", "document"),
    "roles": ("name", "arn", "created", "last_used", "last_used_region", "trusted"),
    "readers": ("time", "client", "who", "from", "outcome", "secret_id", "event_id"),
    "sources": ("source", "read"),
}

NOT_READ = "not read: see sources.csv"


def tables(document: Document) -> dict[str, bytes]:
    """Return the file of each table; one that could not be read says so, for an empty one would say "none"."""
    unread = [{"name": NOT_READ, "time": NOT_READ}]
    return {f"{name}.csv": _table(columns, document.get(name, unread)) for name, columns in TABLES.items()}


def _table(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """Return a cell; what is more than a text is JSON."""
    if isinstance(value, list | dict):
        return inert(json.dumps(value, ensure_ascii=False, sort_keys=True))
    return "" if value is None else cell(value)
