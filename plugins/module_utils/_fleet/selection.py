# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom of many clients a scheduled run leaves out, because their listed secrets show that there is no work. Pure.

Only who surely has none is left out. A worker visits everybody else, and decides from the secret and the server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._aws.secret_store import CURRENT, SecretDescription
from .._cycle.effective import effective_cycle, has_last
from .._cycle.policy import Policy
from .._cycle.spread import brought_forward
from .._errors import RotationError
from .._runners import ANSIBLE
from .look import Look, is_idle, look


@dataclass(frozen=True)
class Described:
    """One client as the inventory describes it, by its host; ``notices`` is False where no notice is sent."""

    host: str
    client: str
    secret_id: str
    policy: Policy
    notices: bool


def selected(
    hosts: Iterable[str], clients: Iterable[Described], secrets: Mapping[str, SecretDescription], now: datetime
) -> dict[str, Any]:
    """Return who of the hosts is to be visited, in their order, and who is left out and why.

    ``secrets`` are those of the listing, by host. ``unread`` are the hosts to visit of which it says too little.
    """
    described = {one.host: one for one in clients if one.host in secrets}
    looks = dict(_looks(described, secrets, now))
    # A worker fails for a client without a current version, so that one takes no part in the load.
    turns = {host: seen.plan.turn for host, seen in looks.items() if seen.is_ours and seen.secret.holder(CURRENT)}
    today = brought_forward(turns, {host: looks[host].plan.cycle.days for host in turns}, now)
    needed = set(today)
    idle = {
        host: seen
        for host, seen in looks.items()
        if host not in needed and is_idle(seen, notices=described[host].notices)
    }
    visit = [host for host in hosts if host not in idle]
    return {
        "visit": visit,
        "unread": [host for host in visit if host not in looks],
        "brought_forward": today,
        "idle": _grouped(idle),
    }


def _looks(
    described: Mapping[str, Described], secrets: Mapping[str, SecretDescription], now: datetime
) -> Iterator[tuple[str, Look]]:
    for host, one in described.items():
        secret = secrets[host]
        if has_last(secret.tags, now):  # otherwise the age of a version counts, which no listing tells
            try:
                effective = effective_cycle(secret.tags, now, one.client, one.policy, now)
            except RotationError:  # a due date that a worker has to judge
                continue
            yield host, look(secret, effective, one.policy, ANSIBLE, now)


def _grouped(idle: Mapping[str, Look]) -> list[dict[str, Any]]:
    """Return the clients of each state once: thousands of them share a few."""
    groups: dict[str, dict[str, Any]] = {}
    for host, seen in idle.items():
        summary = seen.summary()
        group = groups.setdefault(json.dumps(summary, sort_keys=True), {**summary, "clients": []})
        group["clients"].append(host)
    return list(groups.values())
