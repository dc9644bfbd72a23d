# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slots: at most so many rotations at a time on one server, whichever controller runs them.

They are locks of the server itself, like the fence, so they end with the connection. A run takes one after its
fence and then waits for nothing that another run holds, so no two ever wait for each other.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from .._batches import batches
from .._codes import Code
from .._errors import RotationError
from .connection import Session
from .fence import fence_name, holder_of, lock_taken
from .grants import UNASKABLE
from .server import MARIADB, MYSQL, Server

# Below MariaDB's max_statement_time of the session and every read timeout.
ONE_WAIT = 1
# So many locks are in one statement.
AT_ONCE = 200
# The table of accounts that a rotation may read anyway.
ACCOUNTS = {MYSQL: "mysql.user", MARIADB: "mysql.global_priv"}


class Slots:
    """The slots of the server that a connection leads to."""

    def __init__(self, session: Session, server: Server, per_server: int) -> None:
        """Name the locks; nothing is taken yet."""
        self._session = session
        self._accounts = ACCOUNTS[server.flavor]
        self._names = [f"rot:slot:{number}" for number in range(1, per_server + 1)]

    def take(self, patience: float) -> None:
        """Take one of them, at once or when it becomes free; closing the connection releases it.

        Raises RotationError where none becomes free within ``patience`` seconds: slot_busy where rotations hold them,
        lock_taken where something else holds one.
        """
        end = time.monotonic() + patience
        while not any(self._got(name, 0) for name in self._names):
            if end - time.monotonic() < ONE_WAIT:
                raise self._busy()
            if self._got(random.choice(self._names), ONE_WAIT):
                return

    def _got(self, name: str, seconds: int) -> bool:
        return bool(self._session.value("SELECT GET_LOCK(%s, %s)", name, seconds) == 1)

    def _busy(self) -> RotationError:
        """Return the failure: rotations are at work, or something else holds a slot, for which nobody is to wait."""
        holders = sorted(self._holders())
        others = [number for number in holders if not self._rotates(number)]
        others = [number for number in others if number in self._holders()]  # the rest ended meanwhile
        if others:
            return lock_taken(*(holder_of(self._session, number) for number in others))
        at_work = ", ".join(str(number) for number in holders) or "ended just now"
        return RotationError(
            f"Rotations of other accounts are at work on this server, as many as {{option|per_server}} allows"
            f" ({len(self._names)}), and none ended in time. Their connections: {at_work}.",
            code=Code.SLOT_BUSY,
            next_step="Wait for them to end, then run the same command again. If nothing is at work, end those"
            " connections on the server (KILL with their numbers).",
        )

    def _holders(self) -> set[int]:
        return {self._session.value("SELECT IS_USED_LOCK(%s)", name) for name in self._names} - {None}

    def _rotates(self, number: int) -> bool:
        """Return True if a connection holds the fence of any account too, as a rotation does; no privilege hides it.

        Where the account may not read who there is, it is taken for one.
        """
        try:
            users = self._session.query(f"SELECT DISTINCT User FROM {self._accounts}")
        except RotationError as error:
            if error.code not in UNASKABLE:
                raise
            return True
        names = [fence_name(str(user)) for (user,) in users]
        return any(self._holds_any(number, batch) for batch in batches(names, AT_ONCE))

    def _holds_any(self, number: int, names: Sequence[str]) -> bool:
        (holders,) = self._session.query(f"SELECT {', '.join(['IS_USED_LOCK(%s)'] * len(names))}", *names)
        return number in holders
