# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One event of the audit trail, as docs/audit.md describes it.

Only what is named here is copied from a result, and only texts on one line, numbers and flags: a key that somebody
adds to a result one day does not get into the trail by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from .._clean import one_line
from .._codes import Code
from .._operations import CYCLE_INFO, NOTICE
from .._results import mapping, mappings, text
from .._version import COLLECTION_VERSION
from .limits import EVENT_BYTES
from .outcome import HOOKS, RUN, Report

SCHEMA_VERSION = 1
SOURCE = "dbops.rotation"
TEXT_LENGTH = 1000
ID_LENGTH = 32

OF_ANY = (
    *("secret_id", "trigger", "reason", "requested_by", "action", "decision", "version_id", "previous_version_id"),
    *("changed", "forced", "rotated", "waits_for_hooks", "kept_for", "sessions_ended", "healthy", "seconds"),
    "deletion_date",
)
OF_A_NOTICE = ("event", "notice_id", "delivered", "message_id")
OF_ITS_BODY = ("secret_id", "trigger", "requested_by", "version_id", "previous_version_id")
OF_A_STATUS = ("secret_id", "version_id", "last", "due", "days_left", "overdue", "unfinished", "candidate")
OF_THE_CYCLE = ("last", "due", "overlap_until")
OF_AN_ERROR = ("step", "code", "cause", "state", "next_step")
# What the engine did not get to see; docs/audit.md explains it, for there is no message of ours.
UNSEEN = {"code": Code.TASK_FAILED, "cause": "The task failed before the engine ran. See the output of the run."}
# Lists that are given up where an event would be too large for CloudWatch Logs.
LISTS = ("rows", "steps", "findings")


@dataclass(frozen=True)
class Origin:
    """Where events come from: one run of one playbook on one controller."""

    run_id: str
    controller: str
    playbook: str


def event_of(report: Report, origin: Origin, now: datetime) -> dict[str, Any]:
    """Return the event that one result makes."""
    client = report.error.get("client") or report.result.get("client") or report.client
    fields = {
        "kind": report.kind,
        "outcome": report.outcome,
        "client": one_line(str(client), TEXT_LENGTH),
        "check": report.check,
        "locked_out": report.locked_out,
        **_details(report),
    }
    return _whole(fields, origin, now)


def run_event(
    counts: Mapping[str, int], origin: Origin, now: datetime, *, outcome: str, check: bool, seconds: float
) -> dict[str, Any]:
    """Return the event with which a run ends, for heartbeats and metrics."""
    fields = {"kind": RUN, "outcome": outcome, "check": check, "seconds": round(seconds, 3), "counts": dict(counts)}
    return _whole(fields, origin, now)


def encoded(event: Mapping[str, Any]) -> bytes:
    """Return an event as one line."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _whole(fields: Mapping[str, Any], origin: Origin, now: datetime) -> dict[str, Any]:
    """Add origin, time and id. The id is the hash of all the rest, so that it is the same wherever the event goes."""
    whole = {
        "schema_version": SCHEMA_VERSION,
        "source": SOURCE,
        "time": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **fields,
        "run_id": origin.run_id,
        "playbook": one_line(origin.playbook, TEXT_LENGTH),
        "controller": one_line(origin.controller, TEXT_LENGTH),
        "collection_version": COLLECTION_VERSION,
    }
    if len(encoded(whole)) > EVENT_BYTES:
        whole = {name: value for name, value in whole.items() if name not in LISTS} | {"truncated": True}
    return {"id": sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:ID_LENGTH], **whole}


def _details(report: Report) -> dict[str, Any]:
    result = report.result
    if report.declared is NOTICE:
        body = mapping(result, "body")
        fields = {**_pick(body, OF_ITS_BODY), "notice": _pick(result, OF_A_NOTICE) | _pick(body, ("severity",))}
    elif report.declared is CYCLE_INFO:
        fields = {**_pick(result, OF_A_STATUS), "held_by": _held_by(result)}
    else:
        fields = {
            **_pick(result, OF_ANY),
            **_pick(mapping(result, "rotation") or result, OF_THE_CYCLE),
            "rows": _pick_each(mappings(result, "rows"), ("row", "state")),
            "steps": _pick_each(mappings(result, "steps"), ("name", "seconds")),
            "logins": _pick(mapping(result, "logins"), ("succeeded", "failed")),
            "findings": report.findings,
        }
    return {name: value for name, value in {**fields, "error": _error(report)}.items() if value not in ({}, [], "")}


def _held_by(state: Mapping[str, Any]) -> str:
    """Return why a scheduled run leaves a client alone for now; empty where nothing holds it."""
    pause = mapping(state, "paused")
    paused = f"paused until {text(pause, 'until')} ({text(pause, 'reason')})" if pause else ""
    return one_line(paused or text(mapping(state, "window"), "closed_because"), TEXT_LENGTH)


def _error(report: Report) -> dict[str, Any]:
    if report.error:
        return _pick(report.error, OF_AN_ERROR)
    # A failure that is counted on the secret says where and how in its result.
    if report.kind == HOOKS or report.of_a_task:
        return _pick(report.result, ("step", "code"))
    return UNSEEN if report.failed and "healthy" not in report.result else {}


def _pick(source: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    values = {name: _plain(source[name]) for name in names if name in source}
    return {name: value for name, value in values.items() if value not in (None, "")}


def _pick_each(entries: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[dict[str, Any]]:
    return [_pick(one, names) for one in entries]


def _plain(value: object) -> Any:
    """Return a text on one line, a number or a flag; None for anything else."""
    if isinstance(value, bool | int | float):
        return value
    return one_line(value, TEXT_LENGTH) if isinstance(value, str) else None
