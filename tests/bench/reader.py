# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who reads the notices as they come: the emulator takes longer for each message that lies in a queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

from topic import Mailbox

LOOK = 0.2  # seconds between two looks at an empty queue
REQUESTS = ("ReceiveMessage", "DeleteMessageBatch")


class Reader:
    """How many notices came to a mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        """Begin at none."""
        self.topic = mailbox.topic
        self._mailbox = mailbox
        self._lock = Lock()
        self._taken = 0

    def taken(self) -> int:
        """Return how many have come by now."""
        with self._lock:
            self._taken += len(self._mailbox.take())
            return self._taken


@contextmanager
def reading(mailbox: Mailbox) -> Iterator[Reader]:
    """Empty a mailbox all the while."""
    reader, ended = Reader(mailbox), Event()

    def read() -> None:
        while not ended.wait(LOOK):
            reader.taken()

    thread = Thread(target=read)
    thread.start()
    try:
        yield reader
    finally:
        ended.set()
        thread.join()
