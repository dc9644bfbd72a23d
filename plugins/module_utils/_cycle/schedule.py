# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done with a client now, and which notices are pending: from tags, policy and the time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, floor
from typing import Any

from .._events import FAILED, OVERDUE, ROTATED, UPCOMING
from .._stamp import stamp
from .._triggers import ROLLBACK
from . import tags
from .effective import EffectiveCycle
from .notice_state import OWED, Failures, read_failures, read_notice_state
from .policy import LEAD_RANGE, Policy
from .spread import MOST_DAYS_FORWARD, PLAN_DAYS, Turn
from .tags import SKEW, Cycle
from .wall_clock import DAY

# A schedule that follows local time is an hour late when clocks go back, and clocks may differ.
RUN_LATE = timedelta(hours=1) + SKEW


@dataclass(frozen=True)
class Schedule:
    """One client at one moment.

    ``due_now``: a scheduled run rotates it. ``last_chance``: it does so early, because no later run finds a window
    before the due date. ``waiting``: it is due, and its window is closed. ``too_late``: it will be overdue before a
    window opens or the pause ends. ``expected`` is when a scheduled run will probably rotate it, ``opens`` when
    the next window opens (None where one is open or none is in sight). ``pending_notices`` are to be sent, each
    with its event and what it is about. ``turn`` is for balancing the load of a fleet.
    """

    cycle: Cycle
    days_left: int
    overdue: bool
    due_now: bool
    last_chance: bool
    waiting: bool
    too_late: bool
    paused: bool
    closed_because: str
    opens: datetime | None
    expected: datetime
    failures: Failures
    pending_notices: tuple[dict[str, Any], ...]
    turn: Turn


def schedule(effective: EffectiveCycle, secret_tags: Mapping[str, str], policy: Policy, now: datetime) -> Schedule:
    """Return what is to be done with a client whose secret has these tags."""
    policy = _patient_after_rollback(policy, secret_tags)
    cycle, calendar = effective.cycle, policy.calendar
    paused = bool(policy.pause and policy.pause.holds(now))
    closed = calendar.closed_because(now)
    free = _free_from(policy, now)
    opens = calendar.next_opening(free)
    near = cycle.due < now + policy.until_next_run + RUN_LATE
    due_now = not (paused or closed or _just_rotated(cycle, near, now) or _next_run_is_in_time(cycle.due, policy, now))
    overdue = now > cycle.due + SKEW
    expected = _expected(cycle.due, policy, now)
    return Schedule(
        cycle=cycle,
        days_left=floor((cycle.due - now) / DAY),
        overdue=overdue,
        due_now=due_now,
        last_chance=due_now and not near,
        waiting=near and bool(closed) and not paused,
        too_late=bool(paused or closed) and (opens is None or opens >= cycle.due),
        paused=paused,
        closed_because=closed,
        opens=opens if closed or paused else None,
        expected=now if due_now else expected,
        failures=read_failures(secret_tags),
        pending_notices=tuple(_pending_notices(cycle, secret_tags, policy, now, None if due_now else expected)),
        turn=Turn(cycle.last, () if paused else _days(cycle.due, policy, now)),
    )


def _patient_after_rollback(policy: Policy, secret_tags: Mapping[str, str]) -> Policy:
    """Leave a password that a person brought back until its short cycle ends, whenever the next run comes."""
    return replace(policy, lead=LEAD_RANGE[0]) if secret_tags.get(tags.TRIGGER) == ROLLBACK else policy


def _free_from(policy: Policy, moment: datetime) -> datetime:
    return max(moment, policy.pause.until) if policy.pause else moment


def _next_run_is_in_time(due: datetime, policy: Policy, now: datetime) -> bool:
    """Return True if the next run that finds a window open comes before the due date, even if it is a little late."""
    run = now + policy.until_next_run
    while run + RUN_LATE <= due:
        if policy.calendar.is_open_for_run(run, now):
            return True
        opening = policy.calendar.next_opening(run)
        if opening is None:
            return False
        run = now + ceil((opening - now) / policy.until_next_run) * policy.until_next_run
    return False


def _just_rotated(cycle: Cycle, near: bool, now: datetime) -> bool:
    """Return True if another rotation would gain nothing, however long the next freeze or short the cycle."""
    whole = timedelta(days=cycle.days)
    recent = timedelta() <= now - cycle.last < min(DAY, whole / 2)
    return recent and not (near and cycle.due < cycle.last + whole)


def _expected(due: datetime, policy: Policy, now: datetime) -> datetime:
    """Return when a scheduled run will probably rotate a client that is not rotated now.

    That is in the last opening which a run meets in time, if runs go on at the hour of this one.
    """
    free, lead = _free_from(policy, now), policy.until_next_run
    opened = policy.calendar.stretches(free, max(free, due))
    runs = {begin: now + ceil((begin - now) / lead) * lead for begin, _end in opened}
    met = [(begin, end) for begin, end in opened if runs[begin] < end and runs[begin] + RUN_LATE <= due]
    if not opened:
        return policy.calendar.next_opening(max(now, _free_from(policy, due - lead))) or due
    begin, end = (met or opened)[-1]
    return max(begin, end - lead)


def _pending_notices(
    cycle: Cycle, secret_tags: Mapping[str, str], policy: Policy, now: datetime, expected: datetime | None
) -> Iterator[dict[str, Any]]:
    """Yield the notices that are owed, the oldest first; ``expected`` is None where it is rotated now."""
    state, failures = read_notice_state(secret_tags), read_failures(secret_tags)
    about = {"due": stamp(cycle.due), "days_left": floor((cycle.due - now) / DAY)}
    sent = state.of(stamp(cycle.due))
    if state.rotated == OWED:
        yield {"event": ROTATED, "last": stamp(cycle.last), **about}
    if failures.count and failures.at != state.failed:
        last_one = {"failures": failures.count, "failed_at": failures.at, "step": failures.step, "code": failures.code}
        yield {"event": FAILED, **last_one, **about}
    if now > cycle.due + SKEW:
        if expected and OVERDUE not in sent:
            yield {"event": OVERDUE, **about}
    elif expected:
        passed = [days for days in policy.notice_days if expected - timedelta(days=days) <= now + SKEW]
        if passed and str(min(passed)) not in sent:
            yield {"event": UPCOMING, "notice_days": min(passed), "expected": stamp(expected), **about}


def _days(due: datetime, policy: Policy, now: datetime) -> tuple[int, ...]:
    """Return the days from today on which it could be rotated, where the latest of them is near enough."""
    daily = Policy(lead=int(DAY.total_seconds()), calendar=policy.calendar)
    if _next_run_is_in_time(due, daily, now + PLAN_DAYS * DAY):
        return ()
    in_time = min(PLAN_DAYS, max(0, floor((due - RUN_LATE - now) / DAY)))
    able = [day for day in range(in_time + 1) if policy.calendar.is_open_for_run(now + day * DAY, now)]
    return tuple(day for day in able if day >= able[-1] - MOST_DAYS_FORWARD)
