# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence: one plain document of a period, which the files hold as JSON and as tables. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._clean import cleaned
from .._operations import CYCLE, OFFBOARD
from .._report.events import Event, deed, is_scheduled_run, moment, second, succeeded
from .._results import text
from .._stamp import stamp
from .._version import COLLECTION_VERSION
from .exceptions import Client, Row, exceptions, is_late
from .passwords import past_of
from .period import Period

FORMAT = "dbops.rotation evidence 1"
READ = "read"
OTHERS = "other clients of the audit trail"
# What of these kinds a report does not show.
MORE_DEEDS = {OFFBOARD.kind: "offboarded", CYCLE.kind: "cycle set"}
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
    names = {state[name]: client for client, state in found.states.items() for name in ("secret_id", "arn")}
    whole = _clients(found, period)
    clients = [one for one in whole if one.name in found.states or (one.past.left and one.past.left >= period.start)]
    sources = {**found.sources, **_others((one for one in whole if one not in clients and not one.past.left), period)}
    parts = {name: [_named(row, names) for row in rows] for name, rows in found.account.items()}
    made: Document = cleaned(
        {
            "format": FORMAT,
            "version": COLLECTION_VERSION,
            "at": stamp(period.now),
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
            "sources": [{"source": name, "read": told} for name, told in sources.items()],
            "exceptions": exceptions(clients, parts.get("readers", ()), period),
            "clients": [_cycle(client, found.states.get(client.name, {}), period) for client in clients],
            "actions": [row for event in found.events if (row := _action(event, period))],
            **parts,
        }
    )
    return made


def not_read(document: Document) -> list[str]:
    """Return the sources that could not be read, each with the reason."""
    return [f"{one['source']}: {one['read']}" for one in _unread(document)]


def headline(document: Document) -> str:
    """Return in one sentence what the evidence says, and where it does not know."""
    kinds = Counter(one["kind"] for one in document["exceptions"])
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    due_dates, kept = (sum(one[name] for one in document["clients"]) for name in ("due_dates", "kept"))
    parts = [f"From {document['from']} to {document['to']} {kept} of {due_dates} due dates were kept"]
    parts.append(f"exceptions: {told}" if told else "there is no exception")
    known = [one["known"] == "whole" for one in document["clients"]]
    if not all(known):
        parts.append(f"{known.count(False)} of {len(known)} clients are known for a part of that time only")
    unread = ", ".join(one["source"] for one in _unread(document))
    return f"{'; '.join([*parts, *([f'not read: {unread}'] if unread else [])])}."


def _unread(document: Document) -> list[Mapping[str, str]]:
    return [one for one in document["sources"] if one["read"] != READ]


def _clients(found: Found, period: Period) -> list[Client]:
    """Return the clients of the run, and all others that the trail tells of."""
    events = defaultdict[str, list[Event]](list)
    for event in found.events:
        events[text(event, "client")].append(event)
    runs = [moment(event["time"]) for event in found.events if is_scheduled_run(event)]
    return [
        Client(name, past_of(events[name], found.states.get(name), period.now), events[name], runs)
        for name in sorted({*found.states, *filter(None, events)})
    ]


def _others(clients: Iterable[Client], period: Period) -> dict[str, str]:
    """Return as a source who was under management, and of whom nobody knows what became of it."""
    names = [one.name for one in clients if any(password.limit >= period.start for password in one.past.passwords)]
    return {OTHERS: f"not read: {', '.join(names)}"} if names else {}


def _cycle(client: Client, state: Mapping[str, Any], period: Period) -> Row:
    due_dates, past = client.replaced(period), client.past
    return {
        "client": client.name,
        "secret_id": state.get("secret_id") or next((text(one, "secret_id") for one in client.events[::-1]), ""),
        "cycle_days": state.get("cycle_days") or None,
        "known_since": stamp(past.known_since) if past.known_since else "",
        "known": "whole" if _is_whole(client, period) else "in part",
        "due_dates": len(due_dates),
        "kept": sum(not is_late(password, ended) for password, ended in due_dates),
        "last": state.get("last", ""),
        "due": state.get("due", ""),
        "left": stamp(past.left) if past.left else "",
    }


def _is_whole(client: Client, period: Period) -> bool:
    """Return True if the passwords of a client are known from the beginning of the period, or of its management, on."""
    past = client.past
    begins = past.begun or bool(past.known_since and past.known_since <= period.start)
    return begins and not past.gaps


def _action(event: Event, period: Period) -> Row | None:
    done = deed(event)
    what = done.what if done else _more(event)
    if not what or not period.holds(moment(event["time"])) or not text(event, "client"):
        return None
    whole = {name: text(event, name) for name in ("version_id", "playbook", "run_id", "controller")}
    return {
        "time": second(event),
        "client": text(event, "client"),
        "what": what,
        "trigger": text(event, "trigger"),
        "requested_by": text(event, "requested_by"),
        "reason": text(event, "reason"),
        "code": done.code if done else "",
        **whole,
    }


def _more(event: Event) -> str:
    return MORE_DEEDS.get(text(event, "kind"), "") if succeeded(event) else ""


def _named(row: Row, names: Mapping[str, str]) -> Row:
    """Return a row about a secret with the client whose secret it is."""
    if "secret_id" not in row:
        return row
    return {"client": names.get(row["secret_id"], row["secret_id"]), **row}
