# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One client as its secret and the inventory describe it, and whether a scheduled run surely has no work with it. Pure.

A worker that reads one secret and a listing of all secrets ask the same here, so they come to the same result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from .._aws.secret_store import CURRENT, SecretDescription
from .._cycle import tags
from .._cycle.effective import EffectiveCycle
from .._cycle.policy import Policy
from .._cycle.schedule import Schedule, schedule
from .._stamp import stamp
from .work import has_past_overlap, is_unfinished


@dataclass(frozen=True)
class Look:
    """What was seen. ``work`` names what a scheduled run of this runner has to do, whatever a pause says."""

    secret: SecretDescription
    effective: EffectiveCycle
    plan: Schedule
    policy: Policy
    runner: str
    is_ours: bool
    unfinished: bool
    work: tuple[str, ...]

    @property
    def candidate(self) -> bool:
        """Return True if a scheduled run works on the client."""
        return bool(self.work) and not self.plan.paused

    @property
    def pause(self) -> dict[str, str] | None:
        """Return until when the client is paused, and why."""
        pause = self.policy.pause if self.plan.paused else None
        return {"until": stamp(pause.until), "reason": pause.reason} if pause else None

    def summary(self) -> dict[str, Any]:
        """Return the part of the state that says why a client is left alone, and what is counted of it."""
        return {
            "runner": self.runner,
            "candidate": self.candidate,
            "waiting": self.plan.waiting,
            "paused": self.pause,
            "failures": asdict(self.plan.failures),
        }


def look(secret: SecretDescription, effective: EffectiveCycle, policy: Policy, runner: str, now: datetime) -> Look:
    """Return what one schedule sees of a client; ``runner`` is whose schedule it is."""
    plan, unfinished = schedule(effective, secret.tags, policy, now), is_unfinished(secret)
    runs_by = tags.runner_of(secret.tags)
    is_ours = runs_by == runner
    work = tuple(_work(secret, plan, now, unfinished=unfinished)) if is_ours else ()
    return Look(secret, effective, plan, policy, runs_by, is_ours, unfinished, work)


def is_idle(seen: Look, *, notices: bool) -> bool:
    """Return True if a visit would surely change nothing, tell nobody and make no event.

    ``notices`` is False where no notice is sent. What is only odd (tags that do not count, a client that a freeze makes
    late) is for a worker to tell.
    """
    owed = notices and seen.is_ours and bool(seen.plan.pending_notices)
    odd = seen.effective.tags or seen.effective.warnings or seen.secret.holder(CURRENT) is None
    return not (seen.candidate or owed or odd or seen.plan.overdue or seen.plan.too_late or seen.unfinished)


def _work(secret: SecretDescription, plan: Schedule, now: datetime, *, unfinished: bool) -> Iterator[str]:
    """Name what a scheduled run has to do; an unfinished rotation is finished whatever the windows say."""
    kinds = {
        "rotate": plan.due_now,
        "finish": unfinished,
        "discard": has_past_overlap(secret, now),
    }
    yield from (kind for kind, needed in kinds.items() if needed)
