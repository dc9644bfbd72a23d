# SPDX-License-Identifier: GPL-3.0-or-later
"""What both kinds of proxy share: a port of their own on the loopback, and how a connection is cut."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from abc import ABC, abstractmethod

HOST = "127.0.0.1"
AT_ONCE = struct.pack("ii", 1, 0)


class Listener(ABC):
    """A port; every connection to it is served until either side ends it."""

    def __init__(self) -> None:
        """Describe it; it has no port yet."""
        self.port = 0
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, HOST, 0, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more, and cut what is open."""
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    @abstractmethod
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; when this returns, it is cut."""

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self.serve(reader, writer)
        finally:
            self._serving.discard(task)
            cut(writer)


def cut(writer: asyncio.StreamWriter) -> None:
    """End a connection so that the other side notices at once."""
    writer.transport.abort()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a machine does that knows nothing of it."""
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    writer.transport.abort()


def is_gone(reader: asyncio.StreamReader) -> bool:
    """Whether the other side has ended the connection, as far as is known."""
    return reader.at_eof() or reader.exception() is not None
