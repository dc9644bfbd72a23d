# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to one server: verified, limited in time, and silent about values."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .._codes import Code
from .._deadline import Deadline
from .._errors import RotationError
from .._libraries import pymysql
from .._secret_value import Login
from .errors import diagnose, diagnose_statement
from .session_settings import settings_statement
from .tls import TlsOptions
from .wire import Wire

CONNECT_TIMEOUT = 10.0
# Above lock_wait_timeout (3 s) and a semi-synchronous source's wait for its replica (10 s).
READ_TIMEOUT = 20.0


class Session:
    """One open connection; every failure of a statement leaves it as a RotationError.

    ``connection_id`` is what the server says once it is trusted; the greeting's number comes before TLS.
    """

    connection_id: int

    def __init__(self, connection: Any, place: str, guard: Any) -> None:
        """Take an open PyMySQL connection, the server's name for messages and the guard that may cut it."""
        self._connection = connection
        self._guard = guard
        self.place = place
        self.tls_version: str | None = connection._sock.version() if connection.ssl else None

    def query(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Run one statement with bound arguments and return its rows."""
        with _silent(self.place, diagnose_statement), self._connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())

    def value(self, statement: str, *arguments: object) -> Any:
        """Return the first column of the first row, or None."""
        rows = self.query(statement, *arguments)
        return rows[0][0] if rows else None

    def close(self) -> None:
        """Close the connection; a broken one is no error."""
        self._guard.cancel()
        with suppress(pymysql.err.Error, OSError):
            self._connection.close()


def connect(login: Login, tls: TlsOptions, deadline: Deadline) -> Session:
    """Log in once.

    Raises RotationError; LoginRefused (counted by the caller) where the server says that the password is wrong.
    """
    place = _place(login, tls)
    deadline.check()
    with _silent(place, diagnose):
        sock = _socket(login, tls, deadline)
        guard = deadline.guard(sock)
        try:
            session = Session(_handshake(login, tls, sock, deadline), place, guard)
        except BaseException:
            guard.cancel()
            sock.close()
            if not deadline.remaining():
                raise _unanswered(place, deadline) from None
            raise
    _set_up(session, deadline)
    return session


def _set_up(session: Session, deadline: Deadline) -> None:
    try:
        with _silent(session.place, diagnose_statement):
            session.query(settings_statement(deadline.seconds))
            session.connection_id = int(session.value("SELECT CONNECTION_ID()"))
    except BaseException:
        session.close()
        raise


def _unanswered(place: str, deadline: Deadline) -> RotationError:
    return RotationError(
        f"The server at {place} took the connection and did not answer it within the deadline of"
        f" {deadline.seconds:g} seconds.",
        code=Code.DEADLINE,
        next_step="Check that a database listens there and that nothing on the way holds its packets back, or raise"
        " {option|deadline}; then run the same command again.",
    )


def _socket(login: Login, tls: TlsOptions, deadline: Deadline) -> socket.socket:
    timeout = min(CONNECT_TIMEOUT, deadline.remaining())
    if tls.unix_socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        sock.connect(tls.unix_socket)
        return sock
    sock = socket.create_connection((login.host, login.port), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return sock


def _handshake(login: Login, tls: TlsOptions, sock: socket.socket, deadline: Deadline) -> Wire:
    wire = Wire(login, tls, _place(login, tls), min(READ_TIMEOUT, deadline.remaining()))
    wire.connect(sock)
    return wire


def _place(login: Login, tls: TlsOptions) -> str:
    return tls.unix_socket or f"{login.host}:{login.port}"


@contextmanager
def _silent(place: str, diagnosis: Callable[[BaseException, str], RotationError]) -> Iterator[None]:
    """Keep every text of the driver and the server inside; a hostile one makes the driver raise anything."""
    try:
        yield
    except RotationError:
        raise
    except Exception as error:
        raise diagnosis(error, place) from None
