# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of a MySQL group (group replication), which keep one set of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._codes import Code
from .._errors import RotationError
from .connection import Session

TABLE = "performance_schema.replication_group_members"
ONLINE, OFFLINE, UNREACHABLE = "ONLINE", "OFFLINE", "UNREACHABLE"


@dataclass(frozen=True)
class Member:
    """One server of the group, as this server sees it."""

    server_id: str
    place: str
    state: str


def members(session: Session) -> tuple[Member, ...] | None:
    """Ask a server for the members of its group; None where the account may not ask."""
    try:
        rows = session.query(f"SELECT MEMBER_ID, MEMBER_HOST, MEMBER_PORT, MEMBER_STATE FROM {TABLE}")
    except RotationError as error:
        if error.code in (Code.SELECT_DENIED, Code.PRIVILEGE_MISSING):
            return None
        raise
    return tuple(Member(str(uuid), f"{host}:{port}", str(state)) for uuid, host, port, state in rows if uuid)


def in_danger(group: Sequence[Member]) -> bool:
    """Return True if so many members are unreachable that the loss of one more, or none, ends the majority."""
    lost = sum(member.state == UNREACHABLE for member in group)
    return bool(lost) and 2 * (len(group) - lost - 1) <= len(group)


def state_of(group: Sequence[Member], server_id: str) -> str:
    """Return the state of one server; one that has not joined is offline."""
    return next((member.state for member in group if member.server_id == server_id), OFFLINE)
