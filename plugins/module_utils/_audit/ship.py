# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the spool to CloudWatch Logs: at least once, oldest first, and never for longer than a run can wait.

A batch is marked in the spool after CloudWatch Logs took it. A process that dies in between lets the next one send
that batch again, with the same event ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from .._codes import Code
from .._errors import RotationError
from .limits import Entry, batches
from .spool import SpooledRun, runs_to_ship

if TYPE_CHECKING:
    from .logs import LogGroup

# A stream's name may hold neither.
UNFIT = str.maketrans(":*", "__")


class Shipper:
    """Ships to one log group; ``rejected`` counts what it did not take for good."""

    def __init__(self, group: LogGroup, seconds: float) -> None:
        """Take the group, and the time after which no further call is made."""
        self._group = group
        self._end = monotonic() + seconds
        self.rejected = 0

    def ship_others(self, folder: Path) -> None:
        """Ship what earlier runs left; raises RotationError where CloudWatch Logs or the time is not to be had."""
        for run in runs_to_ship(folder):
            self.ship(run)
            run.retire()

    def ship(self, run: SpooledRun) -> None:
        """Ship what has not been shipped of one run, and mark it."""
        entries, unreadable = _entries(*run.waiting())
        if unreadable:
            run.keep_rejected(unreadable)
            self.rejected += len(unreadable)
        stream = ""
        for batch in batches(entries):
            stream = stream or self._open_stream(batch[0])
            refused = self._send(stream, batch)
            if refused:
                run.keep_rejected([f"{entry.message}\n".encode() for entry in refused])
            run.mark(batch[-1].end)

    def ship_lines(self, lines: Iterable[bytes]) -> None:
        """Ship events that could not be spooled."""
        for batch in batches(_entries(0, lines)[0]):
            self._send(self._open_stream(batch[0]), batch)

    def _open_stream(self, entry: Entry) -> str:
        event = json.loads(entry.message)
        stream = f"{event['time'][:10]}/{event['controller']}/{event['run_id']}".translate(UNFIT)
        self._group.open_stream(stream)
        return stream

    def _send(self, stream: str, batch: list[Entry]) -> list[Entry]:
        if monotonic() > self._end:
            raise RotationError("The time for shipping them is over.", code=Code.DEADLINE)
        refused = self._group.put(stream, batch)
        self.rejected += len(refused)
        return refused


def _entries(offset: int, lines: Iterable[bytes]) -> tuple[list[Entry], list[bytes]]:
    """Return the lines that follow a place in a file as entries, and those that are no events of ours."""
    entries: list[Entry] = []
    unreadable: list[bytes] = []
    for line in lines:
        offset += len(line)
        try:
            event = json.loads(line)
            moment = datetime.fromisoformat(event["time"])
            entries.append(Entry(line.decode().rstrip("\n"), int(moment.timestamp() * 1000), offset))
        except (ValueError, KeyError, TypeError):
            unreadable.append(line)
    return entries, unreadable
