# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spread a fleet over its cycle: first due dates far from each other, and days of equal work.

Both only bring a rotation forward: nothing here makes a cycle longer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil, floor

from .wall_clock import DAY
from .windows import Calendar

# A new client is not rotated before people could get a notice, and a weekly window could come round.
LEAST_DAYS = 7
MOST_DAYS_FORWARD = 5
# How far ahead the plan looks, so that the days before a peak of work take their part.
PLAN_DAYS = 20
# A client in the plan is due within so many days: the run of the last day may be late, by less than a day.
LOOKAHEAD_DAYS = PLAN_DAYS + 2


@dataclass(frozen=True)
class Turn:
    """When a client was rotated last, and in how many days from today (0 is today) it may be, in order.

    The last of ``days`` is the latest on which it is not late. Empty where that is too far away to matter.
    """

    last: datetime
    days: tuple[int, ...] = ()


def first_due(client: str, last: datetime, days: int, calendar: Calendar | None = None) -> datetime:
    """Return the first due date: the same for the same name, at most ``days`` after ``last``, others on other days."""
    limit = last + timedelta(days=days)
    apart = int.from_bytes(sha256(client.encode("utf-8", "replace")).digest()[:8]) % max(1, days - LEAST_DAYS)
    opening = (calendar or Calendar()).next_opening(last + DAY)
    earliest = opening + DAY if opening else limit
    return min(limit, max(limit - timedelta(days=apart), earliest))


def daily_mean(cycles: Iterable[int]) -> float:
    """Return the rotations of a day that a fleet with these cycles, in days, comes to on average."""
    return sum(1 / days for days in cycles)


def balance_load(turns: Mapping[str, Turn], now: datetime, mean: float) -> dict[str, int]:
    """Plan in how many days each client is rotated, so that no day has much more or less than the ``mean`` of a day.

    Those with the least choice go first, each to the latest day that has room; a day with less than the mean takes
    from those to come. What was rotated today already counts as work of today: asked again, no other client is
    planned for today.
    """
    done = sum(turn.last.date() == now.date() for turn in turns.values())
    able = dict(sorted(((client, turn.days) for client, turn in turns.items() if turn.days), key=_least_choice_first))
    room = max(ceil(mean), _least_room(able, done))
    load, plan = Counter({0: done}), dict[str, int]()
    for client, days in able.items():
        free = [day for day in days if load[day] < room]
        plan[client] = free[-1] if free else min(days, key=lambda day: (load[day], -day))
        load[plan[client]] += 1
    sooner = [client for client, days in able.items() if days[0] == 0 < plan[client]]
    sooner.sort(key=lambda client: able[client][-1])
    return {**plan, **dict.fromkeys(sooner[: max(0, floor(mean) - load[0])], 0)}


def brought_forward(turns: Mapping[str, Turn], cycles: Mapping[str, int], now: datetime) -> list[str]:
    """Return the clients whose turn is today, in a fleet with these cycles, in days."""
    plan = balance_load(turns, now, daily_mean(cycles[client] for client in turns))
    return [client for client, days in plan.items() if days == 0]


def _least_choice_first(able: tuple[str, tuple[int, ...]]) -> tuple[int, int, str]:
    return len(able[1]), -able[1][-1], able[0]


def _least_room(able: Mapping[str, tuple[int, ...]], done: int) -> int:
    """Return the work of a day that is enough for all to be in time: no span of days may hold more than fits."""
    spans = Counter((days[0], days[-1]) for days in able.values())
    firsts, lasts = {first for first, _last in spans} | {0}, {last for _first, last in spans}
    return max(
        (
            ceil(_within(spans, first, last, 0 if first else done) / (last - first + 1))
            for first in firsts
            for last in lasts
            if first < last  # whoever has one day only takes it anyway
        ),
        default=0,
    )


def _within(spans: Counter[tuple[int, int]], first: int, last: int, done: int) -> int:
    return done + sum(number for (begin, end), number in spans.items() if first <= begin and end <= last)
