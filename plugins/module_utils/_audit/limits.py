# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PutLogEvents takes, and how events are cut into batches that it takes.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html says 1 MB for one event; the
documentation of other partitions still says 256 KB, so the smaller one is kept to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

BATCH_BYTES = 1_048_576
OVERHEAD_BYTES = 26
BATCH_EVENTS = 10_000
BATCH_SPAN = 24 * 3600 * 1000
EVENT_BYTES = 256 * 1024 - OVERHEAD_BYTES


@dataclass(frozen=True)
class Entry:
    """One event on its way: its line, its time in milliseconds, and where in its file the next one begins."""

    message: str
    timestamp: int
    end: int = 0

    @property
    def size(self) -> int:
        """Return the bytes that count."""
        return len(self.message.encode()) + OVERHEAD_BYTES


class Batch:
    """Entries that go out together; ``take`` says whether one more still fits."""

    def __init__(self, first: Entry) -> None:
        """Begin with one entry."""
        self.entries = [first]
        self._size = first.size
        self._earliest = self._latest = first.timestamp

    def take(self, entry: Entry) -> bool:
        """Add an entry, unless the batch would become more than PutLogEvents takes."""
        earliest, latest = min(self._earliest, entry.timestamp), max(self._latest, entry.timestamp)
        size = self._size + entry.size
        if len(self.entries) == BATCH_EVENTS or size > BATCH_BYTES or latest - earliest >= BATCH_SPAN:
            return False
        self.entries.append(entry)
        self._size, self._earliest, self._latest = size, earliest, latest
        return True


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Cut entries, in their order, into batches that PutLogEvents takes once each is sorted by time."""
    batch: Batch | None = None
    for entry in entries:
        if batch and batch.take(entry):
            continue
        if batch:
            yield batch.entries
        batch = Batch(entry)
    if batch:
        yield batch.entries
