# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The past of a client or of a fleet: events from the log group and the spool, each once, in the order of time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from .event import SOURCE
from .logs import LogGroup

# Between the moment of an event in milliseconds and the one that CloudWatch Logs has.
MARGIN = timedelta(seconds=1)


def past(
    lines: Iterable[str | bytes], since: datetime, of: Callable[[Mapping[str, Any]], bool]
) -> list[dict[str, Any]]:
    """Return the events that are wanted, oldest first; one that was shipped twice is there once."""
    events = {event["id"]: event for event in _events(lines) if of(event)}
    recent = [event for event in events.values() if datetime.fromisoformat(event["time"]) >= since]
    return sorted(recent, key=lambda event: (event["time"], event["id"]))


def of_client(client: str) -> str:
    """Return the filter pattern of a client's events."""
    literal = client.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{ $.client = "{literal}" }}'


def of_kinds(kinds: Iterable[str]) -> str:
    """Return the filter pattern of what was done in earnest, of some kinds."""
    one_of = " || ".join(f'$.kind = "{kind}"' for kind in kinds)
    return f"{{ ({one_of}) && $.check IS FALSE }}"


def logged(group: LogGroup, pattern: str, since: datetime) -> Iterator[str]:
    """Return what the log group has that matches a filter pattern."""
    begin = max(since.astimezone(UTC) - MARGIN, datetime.fromtimestamp(0, UTC))
    yield from group.find(pattern, int(begin.timestamp() * 1000))


def _events(lines: Iterable[str | bytes]) -> Iterator[dict[str, Any]]:
    """Return what is an event of ours; anything may lie in a folder or a log group."""
    for line in lines:
        try:
            event = json.loads(line)
            if event["source"] == SOURCE and event["id"] and datetime.fromisoformat(event["time"]).tzinfo:
                yield event
        except (ValueError, KeyError, TypeError):
            continue
