# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client's past: its events from the log group and the spool, each once, in the order of time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from .event import SOURCE
from .logs import LogGroup

# Between the moment of an event in milliseconds and the one that CloudWatch Logs has.
MARGIN = timedelta(seconds=1)


def past(lines: Iterable[str | bytes], client: str, since: datetime) -> list[dict[str, Any]]:
    """Return the events of a client, oldest first; one that was shipped twice is there once."""
    events = {event["id"]: event for event in _events(lines) if event.get("client") == client}
    recent = [event for event in events.values() if datetime.fromisoformat(event["time"]) >= since]
    return sorted(recent, key=lambda event: (event["time"], event["id"]))


def logged(group: LogGroup, client: str, since: datetime) -> Iterator[str]:
    """Return what the log group has of a client."""
    literal = client.replace("\\", "\\\\").replace('"', '\\"')
    begin = max(since.astimezone(UTC) - MARGIN, datetime.fromtimestamp(0, UTC))
    yield from group.find(f'{{ $.client = "{literal}" }}', int(begin.timestamp() * 1000))


def _events(lines: Iterable[str | bytes]) -> Iterator[dict[str, Any]]:
    """Return what is an event of ours; anything may lie in a folder or a log group."""
    for line in lines:
        try:
            event = json.loads(line)
            if event["source"] == SOURCE and event["id"] and datetime.fromisoformat(event["time"]).tzinfo:
                yield event
        except (ValueError, KeyError, TypeError):
            continue
