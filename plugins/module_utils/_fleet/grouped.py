# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which clients a scheduled run has to visit, and in what state they are: from one listing, for a whole fleet. Pure.

A listing may be minutes old and does not know what the inventory says of one client. So ``candidates`` holds all
that may have to be visited, and the run decides for each of them anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .._aws.secret_store import CURRENT
from .._cycle import tags
from .._cycle.effective import EffectiveCycle, effective_cycle, is_first
from .._cycle.notice_state import read_failures
from .._cycle.policy import Policy
from .._cycle.schedule import RUN_LATE, Schedule, schedule
from .._cycle.spread import Turn, brought_forward
from .._cycle.windows import Calendar
from .._errors import RotationError
from .._runners import ANSIBLE
from .listing import Listed
from .work import has_past_overlap, is_unfinished

CANDIDATES, BROUGHT_FORWARD = "candidates", "brought_forward"
STATES = ("due", "overdue", "pending", "overlap", "never_rotated", "failing", "notice")
GROUPS = (*STATES, BROUGHT_FORWARD, CANDIDATES)
# States that are no work for a scheduled run by themselves.
NO_WORK = {"never_rotated", "failing"}


@dataclass(frozen=True)
class Outlook:
    """Settings of the whole fleet.

    ``ahead`` is how much earlier than by this policy a client may need a visit, because of its own windows and
    freezes. ``notices`` is False where no notice is sent, so that a pending one is no reason for a visit. Clients of
    another ``runner`` get none.
    """

    policy: Policy
    ahead: timedelta = timedelta()
    notices: bool = True
    runner: str = ANSIBLE


@dataclass(frozen=True)
class Standing:
    """One client: its states, whether a scheduled run visits it, and on which days it may be rotated.

    ``unreadable`` where a client is under management and its tags do not say all that they should. ``turn`` is None
    for a client of another runner, whose work is none of this one's load.
    """

    states: frozenset[str]
    visited: bool
    unreadable: bool
    turn: Turn | None
    cycle_days: int


def grouped(standings: Mapping[str, Standing], now: datetime) -> dict[str, list[str]]:
    """Return the clients of each group."""
    groups = {state: [name for name, one in standings.items() if state in one.states] for state in STATES}
    turns = {name: one.turn for name, one in standings.items() if one.turn}
    today = brought_forward(turns, {name: standings[name].cycle_days for name in turns}, now)
    visited = {*today, *(name for name, one in standings.items() if one.visited)}
    return {**groups, BROUGHT_FORWARD: today, CANDIDATES: [name for name in standings if name in visited]}


def standing(client: str, listed: Listed, outlook: Outlook, now: datetime) -> Standing:
    """Return the state of a client by its tags: the inventory, which may say otherwise, is not read here."""
    one = _standing(client, listed, outlook, now)
    is_ours = tags.runner_of(listed.secret.tags) == outlook.runner
    return one if is_ours else replace(one, visited=False, turn=None)


def _standing(client: str, listed: Listed, outlook: Outlook, now: datetime) -> Standing:
    secret, managed = listed.secret, tags.VERSION in listed.secret.tags
    states = set(_states_of_secret(listed, now))
    try:
        effective = effective_cycle(secret.tags, listed.created, client, _by_tag(outlook.policy, secret.tags), now)
    except RotationError:  # a due date that no run of ours has set
        days = outlook.policy.cycle_days or tags.DEFAULT_CYCLE_DAYS
        return Standing(frozenset(states), True, managed, Turn(listed.created), days)
    plan = schedule(effective, secret.tags, outlook.policy, now)
    states |= set(_states_of_cycle(plan))
    spoilt = bool(effective.tags) or secret.holder(CURRENT) is None
    visited = spoilt or _is_work(states, outlook) or _may_be_work(client, listed, effective, outlook, now)
    return Standing(frozenset(states), visited, spoilt and managed, plan.turn, effective.cycle.days)


def _by_tag(policy: Policy, secret_tags: Mapping[str, str]) -> Policy:
    return replace(policy, cycle_days=None) if secret_tags.get(tags.CYCLE_DAYS) else policy


def _states_of_secret(listed: Listed, now: datetime) -> Iterator[str]:
    facts = {
        "pending": is_unfinished(listed.secret),
        "overlap": has_past_overlap(listed.secret, now),
        "never_rotated": is_first(listed.secret.tags),
        "failing": read_failures(listed.secret.tags).count > 0,
    }
    yield from (state for state, applies in facts.items() if applies)


def _states_of_cycle(plan: Schedule) -> Iterator[str]:
    facts = {
        "due": plan.due_now or plan.waiting,
        "overdue": plan.overdue,
        "notice": bool(plan.pending_notices),
    }
    yield from (state for state, applies in facts.items() if applies)


def _is_work(states: set[str], outlook: Outlook) -> bool:
    idle = NO_WORK if outlook.notices else {*NO_WORK, "notice"}
    return bool(states - idle)


def _may_be_work(client: str, listed: Listed, effective: EffectiveCycle, outlook: Outlook, now: datetime) -> bool:
    """Return True if a shorter cycle, or windows and freezes of the client's own, may make it work already."""
    secret_tags, cycles = listed.secret.tags, [effective]
    if outlook.policy.cycle_days not in (None, effective.cycle.days):
        cycles.append(effective_cycle(secret_tags, listed.created, client, outlook.policy, now))
    plans = (schedule(cycle, secret_tags, outlook.policy, now) for cycle in cycles[1:])
    return any(_is_work(set(_states_of_cycle(plan)), outlook) for plan in plans) or any(
        _may_be_late(cycle.cycle.due, outlook, now) for cycle in cycles
    )


def _may_be_late(due: datetime, outlook: Outlook, now: datetime) -> bool:
    """Return True if the runs after this one may find no opening of the client's own before it is due.

    Its own windows count instead of those of all, beside their freezes; its own freezes beside their windows. Neither
    closes it for longer than ``ahead``, so there is an opening in a time without a freeze that is as long, and between
    openings that are as far apart.
    """
    policy, notice = outlook.policy, timedelta(days=max(outlook.policy.notice_days, default=0))
    enough, lead = outlook.ahead + policy.until_next_run, policy.until_next_run
    if not outlook.ahead:
        return False
    first, last = now + max(lead, notice if outlook.notices else lead), due - RUN_LATE
    unfrozen = Calendar(freezes=policy.calendar.freezes).stretches(first, last)
    openings = policy.calendar.stretches(first, last)
    apart = openings[-1][1] - openings[0][0] if openings else timedelta()
    return apart < enough or not any(end - begin >= enough for begin, end in unfrozen)
