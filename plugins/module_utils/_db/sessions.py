# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending the connections that an account has: they outlive every change of its password (measured)."""

from __future__ import annotations

from .._codes import Code
from .._errors import RotationError
from .connection import Session

_OTHERS = "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = %s AND ID <> CONNECTION_ID()"


def end_other_sessions(session: Session, user: str) -> int:
    """End every connection of a user but this one, and return how many there were."""
    others = session.query(_OTHERS, user)
    for (connection_id,) in others:
        end_session(session, connection_id)
    return len(others)


def end_session(session: Session, connection_id: int) -> None:
    """End one connection; that it is gone already is no error."""
    try:
        session.query(f"KILL {int(connection_id)}")
    except RotationError as error:
        if error.code != Code.NO_SUCH_THREAD:
            raise
