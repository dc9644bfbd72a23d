# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report knows: one plain document of states and events, which the page holds as it is. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from .._clean import cleaned
from .._cycle.tags import SKEW
from .._results import mapping, text
from .._stamp import stamp
from .._version import COLLECTION_VERSION
from .events import Deed, Event, deed, is_scheduled_run, moment, second
from .trends import trends

FORMAT = "dbops.rotation report 1"
SOON = timedelta(days=7)
# The newest ones of each client are on the page. A client may fail every hour for a year.
MOST_EVENTS = 100
# States that need somebody, the most urgent first; then the others.
TROUBLE = ("unreadable", "overdue", "failing", "unfinished", "paused")
DUE_SOON, HEALTHY = "due in 7 days", "healthy"
OF_A_CYCLE = ("last", "due", "cycle_days", "trigger", "overlap_until", "paused", "calendar")
# Groups that say nothing new: everybody's, and those that the fleet's inventory makes of states.
EVERYBODY, OF_STATES = ("all", "ungrouped"), "rotation_"

State = Mapping[str, Any]
Document = dict[str, Any]


@dataclass(frozen=True)
class Fleet:
    """What was read: the state of each host, the hosts of each group, and the events of all, the oldest first.

    ``evidence`` has the exceptions of a period, if somebody collected them.
    """

    states: Mapping[str, State]
    groups: Mapping[str, Collection[str]]
    events: Sequence[Event]
    evidence: Mapping[str, Any] | None = None


def document(fleet: Fleet, since: datetime, now: datetime) -> Document:
    """Return all that the page is made of."""
    pasts = defaultdict[str, list[Deed]](list)
    for event in fleet.events:
        done = deed(event)
        if done:
            pasts[text(event, "client")].append(done)
    groups = _groups(fleet)
    here = {host: state for host, state in sorted(fleet.states.items()) if not state.get("offboarded")}
    names = {host: text(state, "client") or host for host, state in here.items()}
    clients = [_client(name, fleet.states[host], groups[host], pasts[name], now) for host, name in names.items()]
    made: Document = cleaned(
        {
            "format": FORMAT,
            "version": COLLECTION_VERSION,
            "at": stamp(now),
            "since": stamp(since),
            "last_run": _last_run(fleet.events),
            "trends": trends([one for name in names.values() for one in pasts[name]]),
            "clients": clients,
            **({"evidence": fleet.evidence} if fleet.evidence else {}),
        }
    )
    return made


def _groups(fleet: Fleet) -> defaultdict[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for group, hosts in sorted(fleet.groups.items()):
        if group not in EVERYBODY and not group.startswith(OF_STATES):
            for host in hosts:
                found[host].append(group)
    return found


def _client(name: str, state: State, groups: list[str], past: list[Deed], now: datetime) -> dict[str, Any]:
    shown = past[-MOST_EVENTS:]
    return {
        "name": name,
        "groups": groups,
        **_facts(state, now),
        "kept": _kept(past, now),
        "events": [one.values() for one in shown],
        "left_out": len(past) - len(shown),
    }


def _facts(state: State, now: datetime) -> dict[str, Any]:
    if state.get("failed") or "due" not in state:
        cause = text(mapping(state, "error"), "cause") or "its state could not be read"
        return {"flags": ["unreadable"], "cause": cause}
    facts = {name: state[name] for name in OF_A_CYCLE}
    # What is due now is expected at the next run, whenever that is.
    expected = "" if state["due_now"] else state["expected"]
    failures = state["failures"] if state["failures"]["count"] else None
    return {"flags": _flags(state, now), **facts, "expected": expected, "failures": failures}


def _flags(state: State, now: datetime) -> list[str]:
    applies = {
        "overdue": state["overdue"],
        "failing": state["failures"]["count"] > 0,
        "unfinished": state["unfinished"],
        "paused": state["paused"],
    }
    trouble = [flag for flag in TROUBLE if applies.get(flag)]
    soon = not state["overdue"] and moment(state["due"]) - now <= SOON
    return [*trouble, *([DUE_SOON] if soon else []), *([] if trouble else [HEALTHY])]


def _kept(past: Sequence[Deed], now: datetime) -> list[int]:
    """Return how many due dates were kept, and how many there were."""
    ends = [(moment(one.due), moment(one.time)) for one in past if one.begins_cycle]
    kept = [ended <= due + SKEW for (due, _began), (_next_due, ended) in pairwise(ends)]
    missed_now = bool(ends) and now > ends[-1][0] + SKEW
    return [sum(kept), len(kept) + missed_now]


def _last_run(events: Sequence[Event]) -> dict[str, Any] | None:
    run = next(filter(is_scheduled_run, reversed(events)), None)
    return {"time": second(run), "outcome": text(run, "outcome"), "counts": mapping(run, "counts")} if run else None
