# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of HTTP as the SDK of AWS and the emulator speak, and what stands between them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from listener import HOST, Listener, cut

ANSWER = "HTTP/1.1 {} {}\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\r\n"


@dataclass(frozen=True)
class Fate:
    """What becomes of a request or its reply: it passes, its connection is cut, or AWS's `answer` takes its place."""

    cut: bool = False
    status: int = 200
    answer: bytes = b""

    PASS: ClassVar[Fate]
    CUT: ClassVar[Fate]


Fate.PASS = Fate()
Fate.CUT = Fate(cut=True)


@dataclass(frozen=True)
class Request:
    """One request, as it came."""

    head: bytes
    body: bytes

    @property
    def operation(self) -> str:
        """`GetSecretValue` and the like."""
        return header(self.head, "x-amz-target").rpartition(".")[2]

    @property
    def service(self) -> str:
        """`secretsmanager` and the like; nothing for a service that names no operation."""
        return header(self.head, "x-amz-target").rpartition(".")[0]

    def instead(self, operation: str, body: bytes) -> Request:
        """Another request of the same caller to the same service."""
        target = f"X-Amz-Target: {self.service}.{operation}\r\nContent-Length: {len(body)}\r\n\r\n"
        return Request(without(self.head, b"x-amz-target", b"content-length") + target.encode(), body)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection; None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    return Request(head, await reader.readexactly(int(header(head, "content-length") or 0)))


async def ask(port: int, request: Request) -> Fate:
    """Send a request to a port of this machine, and give the answer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(closing(request.head) + request.body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = header(head, "content-length")
        body = await (reader.readexactly(int(length)) if length else reader.read())
        return Fate(status=int(head.split(b" ", 2)[1]), answer=body)
    finally:
        cut(writer)


def header(head: bytes, name: str) -> str:
    """The value of a header, or nothing."""
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return next((value.strip().decode() for key, _colon, value in lines if key.decode().lower() == name), "")


def closing(head: bytes) -> bytes:
    """The head of a request that asks for the connection to be closed after the answer."""
    return without(head, b"connection") + b"Connection: close\r\n\r\n"


def without(head: bytes, *names: bytes) -> bytes:
    """The lines of a head but for some headers, without its end."""
    lines = head.rstrip().split(b"\r\n")
    return b"".join(line + b"\r\n" for line in lines if line.lower().partition(b":")[0] not in names)


def written(answer: Fate) -> bytes:
    """An answer as it goes over the line."""
    reason = "OK" if answer.status == 200 else "Error"
    return ANSWER.format(answer.status, reason, len(answer.answer)).encode() + answer.answer


class HttpProxy(Listener):
    """Stands before a port of this machine, and answers one request of a connection after the other."""

    def __init__(self, target_port: int) -> None:
        super().__init__()
        self._target_port = target_port

    @property
    def endpoint_url(self) -> str:
        """Where clients send their requests."""
        return f"http://{HOST}:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until either side ends the connection, or an answer is that it is cut."""
        while request := await read_request(reader):
            answer = await self.answer(request, reader)
            if answer.cut:
                return
            writer.write(written(answer))
            await writer.drain()

    async def answer(self, request: Request, _reader: asyncio.StreamReader) -> Fate:
        """Hand a request on."""
        return await ask(self._target_port, request)
