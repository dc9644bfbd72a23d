# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy before a database server for one client: the opening of a connection and every round trip on it is a step.

A round trip begins with bytes of the client after bytes of the server. That can be told without a look into TLS.
"""

from __future__ import annotations

import asyncio

from listener import HOST, Listener, cut, is_gone, reset

from .steps import Course, Step
from .tls_records import APPLICATION_DATA, HANDSHAKE, is_whole, records

CHUNK = 65536


class DatabaseProxy(Listener):
    """Forwards both ways, and lets every step be disturbed."""

    def __init__(self, course: Course, target_port: int) -> None:
        """Describe a proxy of one client before a server of this machine."""
        super().__init__()
        self._course = course
        self._target_port = target_port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Open a connection to the server for this one, unless that is prevented."""
        number = self._course.connection()
        opening = self._course.opening(number)
        fate = await self._course.disturbance.before(opening)
        if fate.cut or is_gone(reader):
            reset(writer)
            return
        from_server, to_server = await asyncio.open_connection(HOST, self._target_port)
        try:
            await Conversation(self._course, number, opening).carry((reader, writer), (from_server, to_server))
        finally:
            cut(to_server)


class Conversation:
    """What goes back and forth on one connection."""

    def __init__(self, course: Course, number: int, opening: Step) -> None:
        """Begin with the server's turn: it greets."""
        self._course = course
        self._number = number
        self._unanswered: Step | None = opening
        self._server_spoke = False
        self._logging_in = True
        self._heard = b""

    async def carry(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Carry bytes both ways until one direction ends."""
        ways = [
            asyncio.ensure_future(self._to_server(client[0], server[1])),
            asyncio.ensure_future(self._to_client(server[0], client)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _to_server(self, client: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while data := await client.read(CHUNK):
            if self._server_spoke:
                data = await self._whole_flight(data, client)
                step = self._course.flight(self._number)
                self._server_spoke = False
                said_farewell = is_gone(client)
                fate = await self._course.disturbance.before(step)
                # Whoever was killed while this was held has not sent it.
                if fate.cut or (is_gone(client) and not said_farewell):
                    return
                self._unanswered = step
            server.write(data)
            await server.drain()

    async def _to_client(
        self, server: asyncio.StreamReader, client: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        while data := await server.read(CHUNK):
            if self._unanswered:
                step, self._unanswered = self._unanswered, None
                fate = await self._course.disturbance.after(step)
                if fate.cut:
                    return
            self._server_spoke = True
            self._heard += data if self._logging_in else b""
            client[1].write(data)
            await client[1].drain()

    async def _whole_flight(self, data: bytes, client: asyncio.StreamReader) -> bytes:
        """The rest of a flight that goes on although the server may have said something meanwhile."""
        while self._logging_in and not is_whole(data, self._heard):
            more = await client.read(CHUNK)
            if not more:
                break
            data += more
        # The only flight of several encrypted records is the one with the login; TLS 1.2 ends its handshake otherwise.
        self._logging_in &= len(encrypted(data)) < 2 and data[0] != HANDSHAKE
        self._heard = b""
        return data


def encrypted(flight: bytes) -> list[int]:
    """The lengths of the encrypted records of a flight."""
    return [length for kind, length in records(flight) if kind == APPLICATION_DATA]
