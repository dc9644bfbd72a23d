# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation rotation_evidence. Only the action does it: the files are written where the play runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from .. import _operations
from .._audit.history import of_kinds, past
from .._codes import Code
from .._errors import RotationError
from .._evidence.document import READ, Found, document
from .._evidence.period import Period
from .._evidence.write import write
from .._report.events import KINDS
from .._results import mapping, text
from .account import Account
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC
from .trail import TRAIL_SPEC, Reading

DEFAULT_DAYS = 400
# Also those that say why a client was not rotated.
TOLD = (*KINDS, _operations.CYCLE_INFO.kind, _operations.OFFBOARD.kind)
# What was due in the period was promised before it.
EVER = datetime.fromtimestamp(0, UTC)


def _evidence(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    folder, now = Path(params["path"]).resolve(), datetime.now(UTC)
    try:
        period = _period(params, now)
        states = _states(params["states"])
        reading = Reading("evidence", folder.name, params, whole=True)
        events = past(reading.lines(of_kinds(TOLD), EVER), EVER, _tells)
        account = Account(params, period)
        parts = account.read()
        sources = {"cycles": READ, f"audit trail ({reading.where()})": READ, **account.sources}
        return write(document(Found(states, events, sources, parts), period), folder, check=check)
    except RotationError as error:
        error.locate(client=folder.name, step="write", state="The files are as they were.", next_step="")
        raise


def _tells(event: Mapping[str, Any]) -> bool:
    """Return True for what was done in earnest; the spool may also have what check mode foretold."""
    return event.get("kind") in TOLD and not event.get("check")


def _period(params: Mapping[str, Any], now: datetime) -> Period:
    today = now.date()
    last = _day("to", params["to"]) or today
    first = _day("from", params["from"]) or last - timedelta(days=DEFAULT_DAYS)
    for name, day in (("from", first), ("to", last)):
        if day > today:
            raise _invalid(name, f"is {day}, which is still to come", "Give it a day that has come (UTC).")
    if first > last:
        raise _invalid("from", f"is {first}, after the end {last}", "Give it a day before {option|evidence.to}.")
    return Period(first, last, now)


def _day(name: str, day: str | None) -> date | None:
    try:
        return date.fromisoformat(day) if day else None
    except ValueError:
        raise _invalid(name, "is no day", "Write it like 2026-11-25.") from None


def _invalid(name: str, what: str, next_step: str) -> RotationError:
    return RotationError(f"{{option|evidence.{name}}} {what}.", code=Code.INVALID_OPTION, next_step=next_step)


def _states(states: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the states by client; without one of them nothing would be proven of that client."""
    for host, state in sorted(states.items()):
        if state.get("failed") or "due" not in state:
            cause = text(mapping(state, "error"), "cause") or "Its state could not be read."
            raise RotationError(
                f"There is no evidence without the cycle of every client, and that of {host} was not read: {cause}",
                code=Code.EVIDENCE_INCOMPLETE,
                next_step=f"Repair that, or leave the client out: --limit 'all:!{host}'. {{playbook|status}} shows all"
                " clients.",
            )
    hosts = defaultdict[str, list[str]](list)
    for host, state in sorted(states.items()):
        hosts[text(state, "client") or host].append(host)
    for client, named in hosts.items():
        if len(named) > 1:
            raise RotationError(
                f"The hosts {', '.join(named)} have one client name, {client}, so that there would be evidence of one"
                " of them only.",
                code=Code.EVIDENCE_INCOMPLETE,
                next_step="Give each host a name of its own in {option|client}, or leave one out with --limit.",
            )
    return {client: states[named[0]] for client, named in hosts.items()}


EVIDENCE = Operation(
    declared=_operations.EVIDENCE,
    spec={
        **CLIENT_SPEC,
        "path": {"type": "path", "required": True},
        "from": {"type": "str"},
        "to": {"type": "str"},
        "states": {"type": "dict", "required": True},
        "policies": {"type": "dict", "default": {}},
        "names": {"type": "str", "default": "dbops-rotation"},
        "trail_log_group": {"type": "str"},
        **TRAIL_SPEC,
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_evidence,
    lines=("before", "after"),
)
