# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to one server: verified, limited in time, and silent about values."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._db.errors import diagnose
from ansible_collections.dbops.rotation.plugins.module_utils._db.tls import TlsOptions, ssl_context
from ansible_collections.dbops.rotation.plugins.module_utils._deadline import Deadline
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._libraries import pymysql
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login

CONNECT_TIMEOUT = 10.0
# Above lock_wait_timeout (3 s) and a semi-synchronous source's wait for its replica (10 s).
READ_TIMEOUT = 20.0
LOCK_WAIT_TIMEOUT = 3
STATEMENT_TIME = 5


class Session:
    """One open connection; every failure of a statement leaves it as a RotationError."""

    def __init__(self, connection: Any, place: str, guard: Any) -> None:
        """Take an open PyMySQL connection, the server's name for messages and the guard that may cut it."""
        self._connection = connection
        self._guard = guard
        self.place = place
        self.greeting: str = connection.server_version
        self.connection_id: int = connection.thread_id()
        self.tls_version: str | None = connection._sock.version() if connection.ssl else None

    def query(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Run one statement with bound arguments and give its rows."""
        with _silent(self.place), self._connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())

    def value(self, statement: str, *arguments: object) -> Any:
        """Give the first column of the first row, or None."""
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
    place = tls.unix_socket or f"{login.host}:{login.port}"
    deadline.check()
    with _silent(place):
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


def _unanswered(place: str, deadline: Deadline) -> RotationError:
    return RotationError(
        f"The server at {place} took the connection and did not answer it within the deadline of"
        f" {deadline.seconds:g} seconds.",
        code="deadline",
        next_step="Check that a database listens there and that nothing on the way holds its packets back, or raise"
        " rotation_deadline; then run the same command again.",
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


def _handshake(login: Login, tls: TlsOptions, sock: socket.socket, deadline: Deadline) -> Any:
    timeout = min(READ_TIMEOUT, deadline.remaining())
    connection: Any = pymysql.connections.Connection(
        host=tls.server_name or login.host,
        user=login.user,
        password=login.password.encode(),  # PyMySQL would encode a str as latin-1
        ssl=ssl_context(tls) if tls.encrypted else None,
        ssl_disabled=not tls.encrypted,
        charset="utf8mb4",
        autocommit=True,
        read_timeout=timeout,
        write_timeout=timeout,
        auth_plugin_map={"mysql_clear_password": _RefusedPlugin, "dialog": _RefusedPlugin},
        program_name="dbops.rotation",
        defer_connect=True,
    )
    # PyMySQL knows it only of a socket that it opened itself; without it caching_sha2_password fails there.
    connection._secure = bool(tls.unix_socket)
    connection.connect(sock)
    return connection


def _set_up(session: Session, deadline: Deadline) -> None:
    limits = f"lock_wait_timeout={LOCK_WAIT_TIMEOUT}, wait_timeout={int(deadline.seconds) + 30}"
    if "mariadb" in session.greeting.lower():
        limits += f", max_statement_time={STATEMENT_TIME}"
    try:
        session.query(f"SET SESSION {limits}")
    except RotationError:
        session.close()
        raise


class _RefusedPlugin:
    """Stands in for the plugins that would send the password to whoever asks."""

    def __init__(self, _connection: Any) -> None:
        """Take what PyMySQL hands over."""

    def authenticate(self, _packet: Any) -> Any:
        """Refuse."""
        raise RotationError(
            "The server asked for the password in plain text, which a real one does not.",
            code="plaintext_asked",
            next_step="Check who answers at that address and whether the account uses PAM or LDAP.",
        )


@contextmanager
def _silent(place: str) -> Iterator[None]:
    try:
        yield
    except RotationError:
        raise
    except (pymysql.err.Error, OSError, RuntimeError, ValueError, TypeError, AttributeError, EOFError) as error:
        raise diagnose(error, place) from None
