# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One wall-clock limit for a whole run.

Driver timeouts count from the last byte that arrived, so a server that drips bytes outlives them all
(measured: 8.8 s at a read timeout of 1 s). The deadline therefore also cuts the sockets it guards.
"""

from __future__ import annotations

import socket
import threading
import time

from ._codes import Code
from ._errors import RotationError

# Longer than any run may last: a fence older than this belongs to a run that is certainly dead.
MAX_DEADLINE = 900.0
# What a rotation may need, AWS and server being slow, once it has begun.
WORK = 30.0


class Deadline:
    """The moment, on the monotonic clock, at which a run has to be over."""

    def __init__(self, seconds: float) -> None:
        """Start counting.

        :param seconds: how long the run may take, more than 0 and below MAX_DEADLINE.
        """
        if not 0 < seconds < MAX_DEADLINE:
            raise RotationError(
                f"The deadline must be above 0 and below {MAX_DEADLINE:.0f} seconds.",
                code=Code.INVALID_OPTION,
                next_step=f"Set {{option|deadline}} to a number of seconds above 0 and below {MAX_DEADLINE:.0f}.",
            )
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._end - time.monotonic())

    def spare(self) -> float:
        """Seconds that may be waited before a rotation begins, so that it still ends in time."""
        return max(0.0, self.remaining() - min(WORK, self.seconds / 2))

    def check(self) -> None:
        """Raise a RotationError where no time is left."""
        if not self.remaining():
            raise RotationError(
                f"The run did not finish within its deadline of {self.seconds:g} seconds.", code=Code.DEADLINE
            )

    def guard(self, sock: socket.socket) -> Guard:
        """Cut this connection when the deadline passes; cancel what is returned to let go of it."""
        guard = Guard(self.remaining(), sock)
        guard.start()
        return guard


class Guard(threading.Timer):
    """Cuts a connection after so many seconds, unless it is cancelled before."""

    def __init__(self, seconds: float, sock: socket.socket) -> None:
        """Take a twin of the socket, because the driver replaces its own when TLS begins."""
        self._twin = sock.dup()
        super().__init__(seconds, _cut, args=(self._twin,))
        self.daemon = True

    def cancel(self) -> None:
        """Let go of the connection, which an open twin would keep open."""
        super().cancel()
        self._twin.close()


def _cut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        sock.close()
