# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two kinds of server do differently: listing, changing and discarding passwords."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .connection import Session
from .mariadb import MariaDb
from .mysql import MySql
from .rows import AccountRow, Change
from .server import MARIADB, Server


class Dialect(Protocol):
    """The statements of one kind of server.

    ``repeatable``: a change that is sent twice does no more than once; MySQL's RETAIN would end the old password.
    ``single``: the old password ends with the change on every row.
    """

    repeatable: bool
    single: bool

    def prepare(self, session: Session) -> list[str]:
        """Refuse what cannot be changed safely before anything is; return warnings."""

    def rows(self, session: Session, user: str) -> list[AccountRow]:
        """List every row of one user name."""

    def put_first(self, session: Session, changes: Sequence[Change], password: str) -> None:
        """Make a password that is valid as the second one of a row its first too, in place of the one that is."""

    def apply(self, session: Session, changes: Sequence[Change], password: str, *, as_hash: bool = False) -> None:
        """Set the new password and keep the replaced one valid where the server can.

        ``as_hash`` keeps the server's policy and history out of it, for a password that it has taken before.
        """

    def discard(self, session: Session, changes: Sequence[Change]) -> None:
        """End the validity of the replaced passwords."""


def dialect_of(server: Server, *, encrypted: bool, allow_plaintext: bool) -> Dialect:
    """Return the dialect of a server."""
    if server.flavor == MARIADB:
        return MariaDb(server, allow_plaintext=allow_plaintext)
    return MySql(server, encrypted=encrypted)
