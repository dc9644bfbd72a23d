# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MySQL: all rows in one atomic statement, the old password retained until it is discarded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._db import hashes
from ansible_collections.dbops.rotation.plugins.module_utils._db.connection import Session
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import StoredPassword
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow, Change, Method
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import Server

PASSWORD_PLUGINS = (hashes.CACHING_SHA2, hashes.SHA256, hashes.NATIVE)

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

    def prepare(self, session: Session) -> list[str]:
        """Nothing is in the way here: the server keeps plaintext out of its logs, or gets a hash."""
        return []

    def rows(self, session: Session, user: str) -> list[AccountRow]:
        """List every row of one user name."""
        # The comparison pads, so 'root ' is found too; Python decides.
        return [_row(*columns) for columns in session.query(_ROWS, user) if columns[0] == user]

    def apply(self, session: Session, changes: Sequence[Change], password: str, *, as_hash: bool = False) -> None:
        """Set the new password on all rows at once; the present primary stays valid as secondary."""
        parts: list[str] = []
        arguments: list[object] = []
        for change in changes:
            row = change.row
            if self._hashed or as_hash:
                plugin = row.methods[0].plugin
                parts.append(f"%s@%s IDENTIFIED WITH {plugin} AS %s RETAIN CURRENT PASSWORD")
                arguments += [row.user, row.host, hashes.make_hash(plugin, password, self._rounds).decode()]
            else:
                parts.append("%s@%s IDENTIFIED BY %s RETAIN CURRENT PASSWORD")
                arguments += [row.user, row.host, password]
        session.query(f"ALTER USER IF EXISTS {', '.join(parts)}", *arguments)

    def discard(self, session: Session, changes: Sequence[Change]) -> None:
        """Discard the secondary password of all rows at once; where there is none, nothing happens."""
        parts = ", ".join("%s@%s DISCARD OLD PASSWORD" for _change in changes)
        arguments = [name for change in changes for name in (change.row.user, change.row.host)]
        session.query(f"ALTER USER IF EXISTS {parts}", *arguments)


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
    is_password = plugin in PASSWORD_PLUGINS
    password = StoredPassword(plugin, bytes.fromhex(stored or "")) if is_password and stored else None
    problem = "has an empty password" if is_password and not stored else ""
    if factors:
        problem = "asks for several factors (multi-factor authentication)"
    return AccountRow(
        user=user,
        host=host,
        methods=(Method(plugin, password=password),),
        retained=StoredPassword(plugin, bytes.fromhex(retained)) if is_password and retained else None,
        locked=locked == "Y",
        problem=problem,
        changed=changed,
        lifetime=lifetime,
    )
