# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation rotation_report. Only the action does it: the page is made of files beside the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from .. import _operations
from .._audit.history import of_kinds, past
from .._codes import Code
from .._errors import RotationError
from .._evidence.document import not_read
from .._evidence.write import document_of
from .._report.events import KINDS, deed, is_scheduled_run
from .._report.facts import Fleet, document
from .._report.write import Target, write
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC
from .trail import TRAIL_SPEC, Reading

DEFAULT_DAYS, MOST_DAYS = 400, 3660
WHICH_EVIDENCE = "Name the file evidence.json that {playbook|evidence} wrote."


def _report(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    path, now = Path(params["path"]).resolve(), datetime.now(UTC)
    target, since = Target(path, _mode(params["mode"])), _since(params["days"], now)
    reading = Reading("report", path.name, params)
    try:
        lines = reading.lines(of_kinds(KINDS), since)
        events = past(lines, since, lambda event: is_scheduled_run(event) or bool(deed(event)))
        fleet = Fleet(params["states"], params["groups"], events, _evidence(params["evidence"]))
        result = write(document(fleet, since, now), target, check=check)
    except RotationError as error:
        error.locate(client=path.name, step="write", state="The file is as it was.", next_step="")
        raise
    return {**result, "warnings": reading.warnings}


def _evidence(path: str | None) -> dict[str, Any] | None:
    """Return the exceptions of a file of evidence, if one is named."""
    if not path:
        return None
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise _invalid("evidence", f"names {path}, which cannot be read: {error.strerror}", WHICH_EVIDENCE) from None
    whole = document_of(data)
    if whole is None:
        raise _invalid("evidence", f"names {path}, which is no evidence", WHICH_EVIDENCE)
    told = {name: whole[name] for name in ("from", "to", "exceptions")}
    return {**told, "not_read": not_read(whole), "digest": sha256(data).hexdigest()}


def _since(days: int, now: datetime) -> datetime:
    if not 1 <= days <= MOST_DAYS:
        raise _invalid("days", f"is {days}", f"Give it a number of days from 1 to {MOST_DAYS}.")
    return (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


def _mode(text: str) -> int:
    if not re.fullmatch("0?[0-7]{3}", text):
        raise _invalid("mode", "is no mode of a file", "Write it in quotes, like '0640'.")
    return int(text, 8)


def _invalid(name: str, what: str, next_step: str) -> RotationError:
    return RotationError(f"{{option|report.{name}}} {what}.", code=Code.INVALID_OPTION, next_step=next_step)


REPORT = Operation(
    declared=_operations.REPORT,
    spec={
        **CLIENT_SPEC,
        "path": {"type": "path", "required": True},
        "mode": {"type": "str", "default": "0600"},
        "states": {"type": "dict", "required": True},
        "groups": {"type": "dict", "default": {}},
        "days": {"type": "int", "default": DEFAULT_DAYS},
        "evidence": {"type": "path"},
        **TRAIL_SPEC,
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_report,
    lines=("before", "after"),
)
