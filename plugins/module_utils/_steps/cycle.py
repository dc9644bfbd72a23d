# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cycle AWSCURRENT is in, whether or not the tags have caught up with it, and whether its end has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from .._aws.secret_store import CURRENT, SecretDescription
from .._context.context import RotationContext
from .._cycle import tags
from .._cycle.effective import EffectiveCycle, effective_cycle
from .._cycle.policy import Policy
from .._cycle.schedule import schedule
from .._cycle.tags import Cycle, shortened, started
from .._cycle.windows import Calendar
from .._errors import RotationError
from .._triggers import ROLLBACK, SCHEDULED


def cycle_of(context: RotationContext, secret: SecretDescription, now: datetime) -> EffectiveCycle:
    """Return the cycle of the tags, or, where a run was cut off before it wrote them, the one it had begun."""
    effective = _cycle_of_tags(context, secret, now)
    if not is_unrecorded(context, secret):
        return effective
    begun = context.current.created
    if secret.tags.get(tags.ROLLBACK) == context.current.version_id:
        return replace(effective, cycle=shortened(effective.cycle, begun))
    return replace(effective, cycle=started(begun, effective.cycle.days))


def is_unrecorded(context: RotationContext, secret: SecretDescription) -> bool:
    """Return True if a rotation put a password under AWSCURRENT of which the tags do not know yet.

    A new version with the same password (somebody edited another key) is none, nor is a password that somebody had
    set by hand.
    """
    recorded, current = secret.tags.get(tags.VERSION), context.current
    if current.version_id in (recorded, context.versions.adopted):
        return False
    if current.version_id in (secret.tags.get(tags.ROLLBACK), secret.tags.get(tags.WAITS_FOR_HOOKS)):
        return True
    before = context.versions.read_if_possible(recorded) if recorded else current
    return before is None or before.value.password != current.value.password


def overlap_began(context: RotationContext, secret: SecretDescription, cycle: Cycle) -> datetime:
    """Return the moment from which an overlap is counted: when AWSCURRENT's password was introduced.

    A rollback keeps the date of the rotation before it, and of a run that is not finished no date is written yet.
    """
    current = secret.holder(CURRENT)
    if secret.pending_apart:
        return datetime.now(UTC)
    return context.current.created if secret.tags.get(tags.ROLLBACK) == current else cycle.last


def is_due(context: RotationContext, secret: SecretDescription, effective: EffectiveCycle, now: datetime) -> bool:
    """Return True if a scheduled run rotates it: the limit falls before the next run, or it is pulled forward."""
    request = context.request
    policy = replace(request.policy, calendar=Calendar()) if request.force else request.policy
    unrecorded = {tags.TRIGGER: ROLLBACK} if secret.tags.get(tags.ROLLBACK) == context.current.version_id else {}
    plan = schedule(effective, {**secret.tags, **unrecorded}, policy, now)
    near = effective.cycle.due - now < timedelta(days=request.bring_forward_days)
    pulled = near and now - effective.cycle.last > timedelta(days=1)
    return plan.due_now or (pulled and not (plan.paused or plan.closed_because))


def _cycle_of_tags(context: RotationContext, secret: SecretDescription, now: datetime) -> EffectiveCycle:
    request = context.request
    try:
        return effective_cycle(secret.tags, context.current.created, request.client, request.policy, now)
    except RotationError:
        if request.trigger == SCHEDULED:
            raise
        # Whoever asks by name gets a rotation, which writes a date that makes sense.
        return EffectiveCycle(started(context.current.created, _days(request.policy)), {}, ())


def _days(policy: Policy) -> int:
    return policy.cycle_days or tags.DEFAULT_CYCLE_DAYS
