# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a client, from the same facts that a rotation decides from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from .._aws.replica import Replica
from .._codes import Code
from .._cycle.tags import Cycle
from .._decision.decide import decide
from .._decision.decision import Action, adopting, listed
from .._decision.facts import Facts
from .._errors import RotationError
from .._finding import Finding
from .._next_step import Kind, command
from .._stamp import stamp

# A consumer is locked out when the server expires the password; a late rotation must still come before.
EXPIRY_MARGIN = timedelta(days=7)


def of_error(error: RotationError) -> Finding:
    """Return the finding that a failure is."""
    return Finding(error.code, error.cause, error.next_step)


def at_work(who: str) -> Finding:
    """Return the finding that a run is under way, whose unfinished state is no fault."""
    return Finding(Code.AT_WORK, f"A run is at work on this account: {who}. Check again later.", problem=False)


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Return what the state of labels, tags and rows shows."""
    decision = decide(facts)
    if decision.action is Action.REFUSE:
        yield Finding(decision.code, decision.reason, decision.next_step)
    elif decision.action is not Action.NOTHING:
        yield Finding(Code.UNFINISHED, decision.reason, f"Finish it: {command(Kind.FINISH)}")
    if facts.overlapping and any(row.ends_secondary for row in facts.covered):
        yield Finding(Code.OVERLAP, "The old password stays valid for now (overlap).", problem=False)
    foreign = [row.name for row in facts.rows if not (row.covered or row.only_second)]
    if foreign:
        yield Finding(
            Code.FOREIGN_ROWS,
            f"The password of {listed(foreign)} is in no version of the secret; no rotation touches it.",
            f"Drop it, or give it the secret's password: {command(Kind.ROTATE, adopting(foreign))}",
            problem=False,
        )


def of_pending(version_id: str, age: timedelta) -> Finding:
    """Return the finding of a version that waits under AWSPENDING."""
    hours = int(age.total_seconds() // 3600)
    return Finding(Code.PENDING, f"Version {version_id} has been under AWSPENDING for {hours} hours.", problem=False)


def of_replicas(replicas: Iterable[Replica], *, holding: bool) -> Iterator[Finding]:
    """Return the replica regions that lag; a problem where AWS gave up, or an old password stays valid for them."""
    kept = " The old password stays valid for those who read there." if holding else ""
    for replica in (replica for replica in replicas if replica.lags):
        yield Finding(
            Code.REPLICA_FAILED if replica.failed else Code.REPLICA_LAGS,
            f"A replica region may still give out what was AWSCURRENT before: {replica}.{kept}",
            "Repair what AWS names, and replicate again: docs/runbook.md." if replica.failed else "Check again later.",
            problem=replica.failed or holding,
        )


def of_expiry(expiries: Iterable[tuple[str, datetime]], cycle: Cycle, now: datetime) -> Iterator[Finding]:
    """Return the rows whose password the server itself expires before a late rotation would renew it."""
    for row, expires in expiries:
        if expires - EXPIRY_MARGIN < cycle.due:
            days = (expires - now).days
            yield Finding(
                Code.SERVER_EXPIRY,
                f"The server itself expires the password of {row} on {stamp(expires)}, in {days} days; the rotation is"
                f" due on {stamp(cycle.due)}, which is less than seven days before.",
                "Shorten {option|cycle_days}, or lengthen the server's password lifetime for this account.",
            )


def of_grants(remembered: str | None, digest: str | None) -> Iterator[Finding]:
    """Return a change of the grants since the last rotation."""
    if digest is None:
        yield Finding(Code.GRANTS_UNREAD, "The account may not read its grants; they were not compared.", problem=False)
    elif remembered not in (None, digest):
        yield Finding(
            Code.GRANTS_CHANGED,
            "The grants or the rows of the account are not those of the last rotation.",
            "Find out who changed them (SHOW GRANTS); the next rotation remembers them as they are.",
        )
