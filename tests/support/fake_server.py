# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that speaks just enough of the protocol to be asked who it is, and answers with texts of its own.

https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

OK = b"\x00\x00\x00\x02\x00\x00\x00"
EOF = b"\xfe\x00\x00\x02\x00"
# Secure connection, protocol 4.1, plugin names; no TLS.
CAPABILITIES = 0x00088200 | 0x0001 | 0x0200


def text(value: str) -> bytes:
    """A length-encoded string."""
    data = value.encode()
    return (bytes([len(data)]) if len(data) < 251 else b"\xfc" + struct.pack("<H", len(data))) + data


def error(number: int, message: str) -> bytes:
    return b"\xff" + struct.pack("<H", number) + b"#HY000" + message.encode()


def greeting(version: str) -> bytes:
    low, high = CAPABILITIES & 0xFFFF, CAPABILITIES >> 16
    rest = struct.pack("<HBHHB10x", low, 45, 2, high, 21)
    salted = struct.pack("<I8sx", 7, b"12345678") + rest + b"123456789012\x00"
    return b"\x0a" + version.encode() + b"\x00" + salted + b"mysql_native_password\x00"


def rows(values: Iterable[tuple[str, ...]], columns: int = 2) -> list[bytes]:
    """A result of so many columns, two as SHOW VARIABLES gives them."""
    column = b"".join(map(text, ("def", "", "", "", "x", ""))) + struct.pack("<BHIBHBH", 12, 45, 1024, 253, 0, 0, 0)
    return [bytes([columns]), *[column] * columns, EOF, *(b"".join(map(text, row)) for row in values), EOF]


class FakeServer:
    """Lets everybody in, unless `refusal` says how not, and shows `variables`."""

    def __init__(self, variables: Mapping[str, str], refusal: bytes = b"") -> None:
        self.variables, self.refusal = variables, refusal
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        self._send(connection, 0, greeting(self.variables["version"]))
        self._read(connection)
        self._send(connection, 2, self.refusal or OK)
        while not self.refusal:
            command = self._read(connection)
            if not command:
                return
            for number, packet in enumerate(self._answer(command), start=1):
                self._send(connection, number, packet)

    def _answer(self, command: bytes) -> list[bytes]:
        if b"SHOW GLOBAL VARIABLES" in command:
            return rows(self.variables.items())
        return rows([("7",)], columns=1) if b"CONNECTION_ID()" in command else [OK]

    @staticmethod
    def _send(connection: socket.socket, number: int, payload: bytes) -> None:
        connection.sendall(struct.pack("<I", len(payload))[:3] + bytes([number]) + payload)

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        with connection.makefile("rb") as stream:
            head = stream.read(4)
            return stream.read(int.from_bytes(head[:3], "little")) if head else b""

    def close(self) -> None:
        # Closing alone does not wake a thread that waits in accept().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def fake_server(variables: Mapping[str, str], refusal: bytes = b"") -> Iterator[FakeServer]:
    """Run one until the end of the block."""
    server = FakeServer(variables, refusal)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(10)
