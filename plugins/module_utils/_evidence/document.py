# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence: one plain document of a period, which the files hold as JSON and as tables. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._clean import cleaned
from .._report.events import Event, deed, is_scheduled_run, moment
from .._results import text
from .._stamp import stamp
from .._version import COLLECTION_VERSION
from .exceptions import Client, Row, exceptions, is_late
from .passwords import past_of
from .period import Period

FORMAT = "dbops.rotation evidence 1"
READ = "read"
Document = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What was read: the state of each client, the events of all, the oldest first, and parts of the account.

    ``sources`` says of each part that it was read, or why not.
    """

    states: Mapping[str, Mapping[str, Any]]
    events: Sequence[Event]
    sources: Mapping[str, str]
    account: Mapping[str, list[Row]] = field(default_factory=dict)


def document(found: Found, period: Period) -> Document:
    """Return all that the files are made of."""
    clients = _clients(found, period)
    names = {state[name]: client for client, state in found.states.items() for name in ("secret_id", "arn")}
    parts = {name: [_named(row, names) for row in rows] for name, rows in found.account.items()}
    made: Document = cleaned(
        {
            "format": FORMAT,
            "version": COLLECTION_VERSION,
            "at": stamp(period.now),
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
            "sources": [{"source": name, "read": told} for name, told in found.sources.items()],
            "exceptions": exceptions(clients, parts.get("readers", ()), period),
            "clients": [_cycle(client, found.states[client.name], period) for client in clients],
            "actions": [row for event in found.events if (row := _action(event, period))],
            **parts,
        }
    )
    return made


def not_read(document: Document) -> list[str]:
    """Return the sources that could not be read, each with the reason."""
    return [f"{one['source']}: {one['read']}" for one in document["sources"] if one["read"] != READ]


def _clients(found: Found, period: Period) -> list[Client]:
    events = defaultdict[str, list[Event]](list)
    for event in found.events:
        events[text(event, "client")].append(event)
    runs = [moment(event["time"]) for event in found.events if is_scheduled_run(event)]
    pasts = {name: past_of(events[name], state, period.now) for name, state in sorted(found.states.items())}
    return [Client(name, past, events[name], runs) for name, past in pasts.items()]


def _cycle(client: Client, state: Mapping[str, Any], period: Period) -> Row:
    due_dates = client.replaced(period)
    return {
        "client": client.name,
        "secret_id": state["secret_id"],
        "cycle_days": state["cycle_days"],
        "known_since": stamp(client.past.passwords[0].since),
        "due_dates": len(due_dates),
        "kept": sum(not is_late(password, ended) for password, ended in due_dates),
        "last": state["last"],
        "due": state["due"],
    }


def _action(event: Event, period: Period) -> Row | None:
    done = deed(event)
    if not done or not period.holds(moment(event["time"])) or not text(event, "client"):
        return None
    whole = {name: text(event, name) for name in ("version_id", "playbook", "run_id", "controller")}
    return {
        "time": done.time,
        "client": text(event, "client"),
        "what": done.what,
        "trigger": done.trigger,
        "requested_by": done.by,
        "reason": text(event, "reason"),
        "code": done.code,
        **whole,
    }


def _named(row: Row, names: Mapping[str, str]) -> Row:
    """Return a row about a secret with the client whose secret it is."""
    if "secret_id" not in row:
        return row
    return {"client": names.get(row["secret_id"], row["secret_id"]), **row}
