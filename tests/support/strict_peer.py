# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that is hostile at one stage of the protocol; attacks.py has what it does.

It plays the opening of a connection by itself. What needs a working session it gets from a real server behind it: it
holds a good certificate, passes everything on, and forges the answer to one kind of statement.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from mysql_packets import COM_QUERY, LARGEST, packet
from world.certificates import Certificate

HOST = "127.0.0.1"
CHUNK = 65536
PATIENCE = 5
UNCHANGED = "Nothing was changed, neither the secret nor the database."
_LARGEST_BODY = bytes(LARGEST)


class Line:
    """One connection of a client, in packets; `received` is all that came over it, out of its TLS."""

    def __init__(self, sock: socket.socket, certificates: Mapping[str, Certificate]) -> None:
        self.sock = sock
        self.received = bytearray()
        self._certificates = certificates

    def send(self, number: int, *bodies: bytes) -> None:
        self.sock.sendall(b"".join(packet(number + place, body) for place, body in enumerate(bodies)))

    def read(self) -> bytes:
        """Take one packet, with its head; empty where the client has gone."""
        head = self._exactly(4)
        return head + self._exactly(int.from_bytes(head[:3], "little")) if head else b""

    def start_tls(self, certificate: str = "server") -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        files = self._certificates[certificate]
        context.load_cert_chain(files.certificate, files.key)
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def flood(self, first: int) -> None:
        """Send one packet that has no end, in parts of the largest size, until the client has had enough."""
        for number in count(first):
            self.sock.sendall(b"\xff\xff\xff" + bytes([number % 256]))
            self.sock.sendall(_LARGEST_BODY)

    def _exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length and (part := self.sock.recv(length - len(data))):
            data += part
        self.received += data
        return data


Play = Callable[[Line], None]
Forge = Callable[[Line, bytes], None]


@dataclass(frozen=True)
class Attack:
    """What a hostile server does at one stage, and what it must come to.

    Either it `play`s a connection by itself, or it `alters` the greeting of the real server and answers statements that
    hold `on` by `forge`.
    """

    name: str
    stage: str
    code: str
    gets: str
    play: Play | None = None
    on: bytes = b""
    forge: Forge | None = None
    alters: Callable[[bytes], bytes] = bytes
    step: str = "open"
    state: str = UNCHANGED
    remembered: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


class StrictPeer:
    """Listens and plays an attack on every caller; without one it is a plain line to the server behind it."""

    def __init__(self, behind: int, certificates: Mapping[str, Certificate], attack: Attack | None) -> None:
        self.attack = attack
        self.lines: list[Line] = []
        self._behind, self._certificates = behind, certificates
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    @property
    def received(self) -> bytes:
        """All that callers sent, out of their TLS."""
        return b"".join(bytes(line.received) for line in self.lines)

    def close(self) -> None:
        """Listen no longer, and let every conversation end."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line = Line(self._listener.accept()[0], self._certificates)
                self.lines.append(line)
                self._threads.append(threading.Thread(target=self._converse, args=(line,), daemon=True))
                self._threads[-1].start()

    def _converse(self, line: Line) -> None:
        line.sock.settimeout(PATIENCE)
        with suppress(OSError):
            try:
                self._talk(line)
            finally:
                line.sock.close()

    def _talk(self, line: Line) -> None:
        if self.attack and self.attack.play:
            self.attack.play(line)
            return
        with socket.create_connection((HOST, self._behind), PATIENCE) as server:
            if self.attack:
                _forging(line, Line(server, {}), self.attack)
            else:
                _carry(line.sock, server, lambda data: data)


def _forging(line: Line, server: Line, attack: Attack) -> None:
    """Open both lines, then carry between them what is not forged."""
    line.sock.sendall(attack.alters(server.read()))
    server.sock.sendall(line.read())
    line.start_tls()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    server.sock = context.wrap_socket(server.sock)
    waiting = bytearray()

    def answered(data: bytes) -> bytes:
        """Keep the statements of the attack back, and answer them."""
        line.received += data
        waiting.extend(data)
        passed = b""
        while len(waiting) >= 4 and len(waiting) >= (end := 4 + int.from_bytes(waiting[:3], "little")):
            whole = bytes(waiting[:end])
            del waiting[:end]
            if attack.forge and whole[3:5] == bytes([0, COM_QUERY]) and attack.on in whole:
                attack.forge(line, whole[5:])
            else:
                passed += whole
        return passed

    _carry(line.sock, server.sock, answered)


def _carry(client: socket.socket, server: socket.socket, answered: Callable[[bytes], bytes]) -> None:
    """Carry bytes both ways until one side ends; one thread only, as a TLS object allows no two."""
    while True:
        for source, target in ((client, server), (server, client)):
            for data in _arrived(source):
                if not data:
                    return
                passed = answered(data) if source is client else data
                target.settimeout(PATIENCE)
                target.sendall(passed)
        pending = any(isinstance(side, ssl.SSLSocket) and side.pending() for side in (client, server))
        if not pending:
            select.select([client, server], [], [])


def _arrived(source: socket.socket) -> Iterator[bytes]:
    source.settimeout(0)
    try:
        yield source.recv(CHUNK)
    except (BlockingIOError, ssl.SSLWantReadError):
        return


@contextmanager
def strict_peer(behind: int, certificates: Mapping[str, Certificate], attack: Attack | None) -> Iterator[StrictPeer]:
    """Return a peer that is closed at the end."""
    peer = StrictPeer(behind, certificates, attack)
    try:
        yield peer
    finally:
        peer.close()
