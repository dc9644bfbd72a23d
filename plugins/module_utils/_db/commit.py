# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a server can commit now.

A MySQL server lets nobody in while an ALTER USER waits for its commit, and nothing ends that wait (measured on
9.7: not KILL, for a lost majority and for a replica that does not acknowledge; for a full disk KILL stops the server).
So the check comes first.
"""

from __future__ import annotations

import time

from .._codes import Code
from .._errors import ConnectionLost, RotationError
from .connection import Session
from .members import OFFLINE, ONLINE, TABLE, UNREACHABLE, Member, in_danger, members, state_of
from .server import MYSQL, Server

# So long, in seconds, may a change keep other accounts from logging in: the server's own wait for a replica.
APPLY_BUDGET = 10.0
# A connection that breaks sooner than this broke for another reason.
PATIENCE = 1.0
# The words that one release after the other used for the same two servers.
_SOURCES, _REPLICAS = ("source", "master"), ("replica", "slave")


def refuse_stalled(session: Session, server: Server, *, single_writer: bool) -> list[str]:
    """Raise a RotationError (cannot_commit) where a commit would wait for servers that do not answer.

    Asks nothing of a server that waits for no other. Gives the warning of what the account may not ask.
    """
    if server.group:
        group = members(session)
        if group is None:
            return [f"The account may not read {TABLE}; whether the group can commit was not checked."]
        _refuse_lost_group(group, server, single_writer=single_writer)
    name = next((name for name in _SOURCES if server.on(f"rpl_semi_sync_{name}_enabled")), None)
    if name:
        _refuse_missing_replicas(session, server, name)
    return []


def prove(session: Session) -> list[str]:
    """Let the server commit something that changes nothing and that no login waits for.

    Call it on a connection of its own: where there is no answer, the statement stays in the server until it can commit.
    Raises RotationError (cannot_commit) then. Gives the warning of an account that may not.
    """
    began = time.monotonic()
    try:
        session.query("FLUSH OPTIMIZER_COSTS")
    except ConnectionLost:
        if time.monotonic() - began < PATIENCE:
            raise
        raise _stalled(
            f"did not commit within {time.monotonic() - began:.0f} seconds",
            "whether its disk is full or a replica hangs",
        ) from None
    except RotationError as error:
        if error.code != Code.PRIVILEGE_MISSING:
            raise
        return ["The account lacks RELOAD, with which it is proven that the server commits; that was not checked."]
    return []


def needs_proof(server: Server) -> bool:
    """Return True if a commit of this server waits for more than its own tables: a log, replicas, a group."""
    return server.flavor == MYSQL and server.on("log_bin")


def wait_without_locks(session: Session, server: Server) -> None:
    """Let the statements of this session ask a group for its majority before they lock anything (measured)."""
    if server.group:
        session.query("SET SESSION group_replication_consistency = 'BEFORE'")


def _refuse_lost_group(group: tuple[Member, ...], server: Server, *, single_writer: bool) -> None:
    state = state_of(group, server.server_id)
    look = f"the group (SELECT * FROM {TABLE})"
    if state != ONLINE and not (state == OFFLINE and single_writer):
        raise _stalled(f"is {state} in its replication group", look)
    if in_danger(group):
        lost = [member.place for member in group if member.state == UNREACHABLE]
        message = f"cannot reach {', '.join(lost)}, so the group of {len(group)} has lost its majority or is about to"
        raise _stalled(message, look)


def _refuse_missing_replicas(session: Session, server: Server, source: str) -> None:
    waits = f"rpl_semi_sync_{source}_"
    timeout = int(server.variables.get(f"{waits}timeout", "0")) / 1000
    if timeout <= APPLY_BUDGET:
        return
    needed = max(int(server.variables.get(f"{waits}wait_for_{name}_count", "1")) for name in _REPLICAS)
    rows = session.query("SHOW GLOBAL STATUS LIKE %s", f"Rpl_semi_sync_{source}_clients")
    there = int(rows[0][1]) if rows else 0
    if there < needed:
        raise _stalled(
            f"has {there} of the {needed} replicas that have to acknowledge a commit (semi-synchronous), and would wait"
            f" {timeout:.0f} seconds for them",
            f"the replicas (SHOW STATUS LIKE '{waits}%')",
        )


def _stalled(what: str, look: str) -> RotationError:
    return RotationError(
        f"The server {what}; a change of a password would wait there, and on MySQL nobody could log in meanwhile.",
        code=Code.CANNOT_COMMIT,
        next_step=f"On the server check {look}; then run the same command again.",
    )
