# SPDX-License-Identifier: GPL-3.0-or-later
"""An address that leads to one server after another, as a router or a name does that follows the primary."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from world.databases import DatabaseServer
from world.service import HOST

CHUNK = 65536


class Forwarder:
    """A port whose new connections go to `target`; those that are open stay where they are, unless they are cut."""

    def __init__(self, target: DatabaseServer) -> None:
        """Listen."""
        self.target = target
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """End every connection that is open."""
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()
        self.cut()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                caller = self._listener.accept()[0]
                called = socket.create_connection((HOST, self.target.port))
                self._open += [caller, called]
                for one, other in ((caller, called), (called, caller)):
                    threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def forwarding(target: DatabaseServer) -> Iterator[Forwarder]:
    """Return an address that leads to this server first."""
    forwarder = Forwarder(target)
    try:
        yield forwarder
    finally:
        forwarder.close()
