# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of HTTP as the SDK of AWS and the emulator speak."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .listener import HOST, cut
from .steps import Fate

ANSWER = "HTTP/1.1 {} {}\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\r\n"


@dataclass(frozen=True)
class Request:
    """One request, as it came."""

    head: bytes
    body: bytes

    @property
    def operation(self) -> str:
        """`GetSecretValue` and the like."""
        return header(self.head, "x-amz-target").rpartition(".")[2]


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
    lines = [line for line in head.split(b"\r\n") if line and not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def written(answer: Fate) -> bytes:
    """An answer as it goes over the line."""
    reason = "OK" if answer.status == 200 else "Error"
    return ANSWER.format(answer.status, reason, len(answer.answer)).encode() + answer.answer
