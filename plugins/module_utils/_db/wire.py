# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PyMySQL's connection with three rules of our own, which hold whatever the driver does and whoever answers.

No byte of a login leaves before TLS, no error that speaks of an account is believed before it, and no answer is read
beyond a size. PyMySQL 1.1 goes on in plain text where the greeting offers no TLS (measured).
"""

from __future__ import annotations

import ssl
from typing import Any, NoReturn

from .._codes import Code
from .._errors import RotationError
from .._libraries import pymysql
from .._secret_value import Login
from .tls import TlsOptions, ssl_context

# The longest that is sent before TLS: the head of a packet and the request for TLS itself.
TLS_REQUEST = 36
# All that a server may send until the login is done; real ones need less than 1 KiB.
LOGIN_BYTES = 64 * 1024
# One answer. SHOW PROCESSLIST of 10,000 connections takes some 6 MB, and the driver's objects several times that.
ANSWER_BYTES = 16 * 1024 * 1024
# What each read costs beside its bytes: many tiny packets fill the memory with objects.
READ_COST = 100
# What a real server says before TLS: that it takes no connection (at all, or from this host). Of MySQL and MariaDB.
SAID_BEFORE_TLS = frozenset({1040, 1041, 1042, 1043, 1053, 1129, 1130, 1135, 1203})
CLIENT_SIDE = range(2000, 3000)
CLIENT_SSL = 1 << 11

_Driver: Any = pymysql.connections.Connection if pymysql else object


class Wire(_Driver):
    """A connection to one server that is not logged in yet; `connect` does that on a given socket."""

    def __init__(self, login: Login, tls: TlsOptions, place: str, timeout: float) -> None:
        """Describe the login; ``place`` is the server's name for messages, ``timeout`` that of every wait."""
        self._tls = tls
        self._place = place
        self._remaining = LOGIN_BYTES
        self._logged_in = False
        super().__init__(
            host=tls.server_name or login.host,
            user=login.user,
            password=login.password.encode(),  # PyMySQL would encode a str as latin-1
            ssl=ssl_context(tls) if tls.encrypted else None,
            ssl_disabled=not tls.encrypted,
            charset="utf8mb4",
            autocommit=None,
            read_timeout=timeout,
            write_timeout=timeout,
            auth_plugin_map=_REFUSED_PLUGINS,
            program_name="dbops.rotation",
            defer_connect=True,
        )
        # PyMySQL knows it only of a socket that it opened itself; without it caching_sha2_password fails there.
        self._secure = bool(tls.unix_socket)

    def set_character_set(self, charset: str, collation: str | None = None) -> None:
        """Send nothing: the session's settings, which come first, name the character set too."""

    @property
    def _before_tls(self) -> bool:
        return self._tls.encrypted and not isinstance(self._sock, ssl.SSLSocket)

    def _get_server_information(self) -> None:
        super()._get_server_information()
        if self._before_tls and not self.server_capabilities & CLIENT_SSL:
            self._refuse_plain_text()

    def _write_bytes(self, data: bytes) -> None:
        if self._before_tls and len(data) > TLS_REQUEST:
            self._refuse_plain_text()
        super()._write_bytes(data)

    def _refuse_plain_text(self) -> NoReturn:
        raise RotationError(
            f"The server offers no TLS ({self._place}); nothing was sent to it.",
            code=Code.TLS_NOT_OFFERED,
            next_step="Turn TLS on at the server, use {option|unix_socket}, or set {option|tls_mode} to disabled by"
            " name.",
        )

    def _read_packet(self, *packet_type: Any) -> Any:
        try:
            return super()._read_packet(*packet_type)
        except pymysql.err.MySQLError as error:
            number = error.args[0] if error.args else None
            if self._before_tls and isinstance(number, int) and not _is_plausible(number):
                raise self._implausible(number) from None
            raise

    def _implausible(self, number: int) -> RotationError:
        return RotationError(
            f"Whoever answers at {self._place} sent error {number} before TLS, so it was not believed: a database says"
            " that over TLS only. No login was sent.",
            code=Code.UNTRUSTED_ANSWER,
            next_step="Check who answers at that address (a proxy, a port that somebody forwards, somebody in"
            " between?); then run the same command again.",
        )

    def _read_bytes(self, num_bytes: int) -> bytes:
        self._remaining -= num_bytes + READ_COST
        if self._remaining < 0:
            self._force_close()
            raise self._too_large()
        data: bytes = super()._read_bytes(num_bytes)
        return data

    def _too_large(self) -> RotationError:
        part = "one answer" if self._logged_in else "the login"
        most = ANSWER_BYTES if self._logged_in else LOGIN_BYTES
        return RotationError(
            f"The server sent more than {most // 1024} KiB for {part}, which no answer to us needs ({self._place}).",
            code=Code.ANSWER_TOO_LARGE,
            next_step="Check that a MySQL or MariaDB server listens at that address and what it does; then run the same"
            " command again.",
        )

    def _request_authentication(self) -> None:
        super()._request_authentication()
        self._logged_in = True

    def _execute_command(self, command: int, sql: str | bytes) -> None:
        super()._execute_command(command, sql)
        self._remaining = ANSWER_BYTES


def _is_plausible(number: int) -> bool:
    """Return True if an error before TLS may be taken at its word: the driver's own, or one that judges no account."""
    return number in SAID_BEFORE_TLS or number in CLIENT_SIDE


class _AsksForPlainText:
    """Stands in for the plugins that would send the password to whoever asks."""

    def __init__(self, _connection: Any) -> None:
        """Take what PyMySQL hands over."""

    def authenticate(self, _packet: Any) -> Any:
        """Refuse."""
        raise RotationError(
            "The server asked for the password in plain text, which a real one does not.",
            code=Code.PLAINTEXT_ASKED,
            next_step="Check who answers at that address and whether the account uses PAM or LDAP.",
        )


class _AsksForWeakHash(_AsksForPlainText):
    """Stands in for the plugin of MySQL 4.0, from whose answer a password is guessed in seconds."""

    def authenticate(self, _packet: Any) -> Any:
        """Refuse."""
        raise RotationError(
            "The server asked for the password in the form of MySQL 4.0 (mysql_old_password), which gives it away.",
            code=Code.WEAK_HASH_ASKED,
            next_step="Check who answers at that address; where the account really has that plugin, give it"
            " mysql_native_password or ed25519 as another administrator (ALTER USER).",
        )


_REFUSED_PLUGINS = {
    "mysql_clear_password": _AsksForPlainText,
    "dialog": _AsksForPlainText,
    "mysql_old_password": _AsksForWeakHash,
}
