# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cycle AWSCURRENT is in, whether or not the tags have caught up with it, and whether its end has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import (
    CURRENT,
    PENDING,
    SecretDescription,
)
from ansible_collections.dbops.rotation.plugins.module_utils._context.context import Run
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.mend import MendedCycle, mended_cycle
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.policy import Policy
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.schedule import schedule
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import Cycle, shortened, started
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.windows import Calendar
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._triggers import ROLLBACK, SCHEDULED


def cycle_of(run: Run, secret: SecretDescription, now: datetime) -> MendedCycle:
    """Give the cycle of the tags, or, where a run was cut off before it wrote them, the one it had begun."""
    mended = _told_by_tags(run, secret, now)
    if not is_unrecorded(run, secret):
        return mended
    begun = run.current.created
    if secret.tags.get(tags.ROLLBACK) == run.current.version_id:
        return replace(mended, cycle=shortened(mended.cycle, begun))
    return replace(mended, cycle=started(begun, mended.cycle.days))


def is_unrecorded(run: Run, secret: SecretDescription) -> bool:
    """Tell whether a rotation put a password under AWSCURRENT of which the tags do not know yet.

    A new version with the same password (somebody edited another key) is none, nor is a password that somebody had
    set by hand.
    """
    recorded, current = secret.tags.get(tags.VERSION), run.current
    if current.version_id in (recorded, run.adopted):
        return False
    if current.version_id in (secret.tags.get(tags.ROLLBACK), secret.tags.get(tags.HELD)):
        return True
    before = run.readable(recorded) if recorded else current
    return before is None or before.value.password != current.value.password


def overlap_began(run: Run, secret: SecretDescription, cycle: Cycle) -> datetime:
    """Give the moment from which an overlap is counted: when AWSCURRENT's password was introduced.

    A rollback keeps the date of the rotation before it, and of a run that is not finished no date is written yet.
    """
    current = secret.holder(CURRENT)
    if secret.holder(PENDING) not in (None, current):
        return datetime.now(UTC)
    return run.current.created if secret.tags.get(tags.ROLLBACK) == current else cycle.last


def is_due(run: Run, secret: SecretDescription, mended: MendedCycle, now: datetime) -> bool:
    """Tell whether a scheduled run rotates it: the limit falls before the next run, or it is pulled forward."""
    request = run.request
    policy = replace(request.policy, calendar=Calendar()) if request.force else request.policy
    unrecorded = {tags.TRIGGER: ROLLBACK} if secret.tags.get(tags.ROLLBACK) == run.current.version_id else {}
    found = schedule(mended, {**secret.tags, **unrecorded}, policy, now)
    near = mended.cycle.due - now < timedelta(days=request.pull_days)
    pulled = near and now - mended.cycle.last > timedelta(days=1)
    return found.due_now or (pulled and not (found.paused or found.closed_because))


def _told_by_tags(run: Run, secret: SecretDescription, now: datetime) -> MendedCycle:
    request = run.request
    try:
        return mended_cycle(secret.tags, run.current.created, request.client, request.policy, now)
    except RotationError:
        if request.trigger == SCHEDULED:
            raise
        # Whoever asks by name gets a rotation, which writes a date that makes sense.
        return MendedCycle(started(run.current.created, _days(request.policy)), {}, ())


def _days(policy: Policy) -> int:
    return policy.cycle_days or tags.DEFAULT_CYCLE_DAYS
