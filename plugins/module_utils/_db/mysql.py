# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MySQL: all rows in one atomic statement, the old password retained until it is discarded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from . import hashes
from .connection import Session
from .hashes import StoredPassword
from .methods import is_password, loaded_plugins, problem_of
from .rows import AccountRow, Change, Method, Problem
from .server import MYSQL, Server, quoted

_ROWS = """
SELECT User, Host, plugin, HEX(authentication_string), account_locked,
       HEX(JSON_UNQUOTE(JSON_EXTRACT(User_attributes, '$.additional_password'))),
       JSON_CONTAINS_PATH(COALESCE(User_attributes, '{}'), 'one', '$.multi_factor_authentication'),
       CAST(UNIX_TIMESTAMP(password_last_changed) AS SIGNED), password_lifetime
  FROM mysql.user WHERE User = %s ORDER BY Host
"""


class MySql:
    """MySQL 8.0.14 and later."""

    repeatable = False
    single = False

    def __init__(self, server: Server, *, encrypted: bool) -> None:
        """Choose how the password travels.

        The server rewrites a plaintext ALTER USER in every log, unless log_raw is on; then, and on a line without
        TLS, a hash is sent instead, which bypasses the server's policy and history.
        """
        self._hashed = server.on("log_raw") or not encrypted
        self._rounds = int(server.variables.get("caching_sha2_password_digest_rounds", hashes.DEFAULT_ROUNDS))
        self._loaded: frozenset[str] | None = None

    def prepare(self, session: Session) -> list[str]:
        """Do nothing: the server keeps plaintext out of its logs, or gets a hash."""
        return []

    def rows(self, session: Session, user: str) -> list[AccountRow]:
        """List every row of one user name."""
        if self._loaded is None:
            self._loaded = loaded_plugins(session)
        # The comparison pads, so 'root ' is found too; Python decides.
        rows = [_row(*columns) for columns in session.query(_ROWS, user) if columns[0] == user]
        return [row if row.problem else replace(row, problem=problem_of(MYSQL, row, self._loaded)) for row in rows]

    def put_first(self, session: Session, changes: Sequence[Change], password: str) -> None:
        """Replace the primary password by one that is valid as secondary; without RETAIN that one stays as it is.

        A hash is sent, for a password history would refuse what has been there before.
        """
        parts = [f"%s@%s IDENTIFIED WITH {change.row.methods[0].plugin} AS %s" for change in changes]
        arguments = [part for change in changes for part in self._hashed_for(change.row, password)]
        session.query(f"ALTER USER IF EXISTS {', '.join(parts)}", *arguments)

    def apply(self, session: Session, changes: Sequence[Change], password: str, *, as_hash: bool = False) -> None:
        """Set the new password on all rows at once; the present primary stays valid as secondary."""
        parts: list[str] = []
        arguments: list[object] = []
        for change in changes:
            row = change.row
            if self._hashed or as_hash:
                plugin = row.methods[0].plugin
                parts.append(f"%s@%s IDENTIFIED WITH {plugin} AS %s RETAIN CURRENT PASSWORD")
                arguments += self._hashed_for(row, password)
            else:
                parts.append("%s@%s IDENTIFIED BY %s RETAIN CURRENT PASSWORD")
                arguments += [row.user, row.host, password]
        session.query(f"ALTER USER IF EXISTS {', '.join(parts)}", *arguments)

    def discard(self, session: Session, changes: Sequence[Change]) -> None:
        """Discard the secondary password of all rows at once; where there is none, nothing happens."""
        parts = ", ".join("%s@%s DISCARD OLD PASSWORD" for _change in changes)
        arguments = [name for change in changes for name in (change.row.user, change.row.host)]
        session.query(f"ALTER USER IF EXISTS {parts}", *arguments)

    def _hashed_for(self, row: AccountRow, password: str) -> tuple[str, str, str]:
        plugin = row.methods[0].plugin.lower()
        return row.user, row.host, hashes.make_hash(plugin, password, self._rounds).decode()


def _row(
    user: str,
    host: str,
    plugin: str,
    stored: str,
    locked: str,
    retained: str | None,
    factors: Any,
    changed: int | None,
    lifetime: int | None,
) -> AccountRow:
    has_password = is_password(MYSQL, plugin, stored or "")
    several = Problem(
        "asks for several factors (multi-factor authentication)",
        f"Leave it the password only: ALTER USER {quoted(user, host)} DROP 2 FACTOR",
    )
    return AccountRow(
        user=user,
        host=host,
        methods=(Method(plugin, password=_password(plugin, stored) if has_password else None),),
        retained=_password(plugin, retained) if has_password and retained else None,
        locked=locked == "Y",
        problem=several if factors else None,
        changed=changed,
        lifetime=lifetime,
    )


def _password(plugin: str, stored: str) -> StoredPassword:
    return StoredPassword(plugin.lower(), bytes.fromhex(stored))
