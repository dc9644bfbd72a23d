# SPDX-License-Identifier: GPL-3.0-or-later
"""First due dates apart from each other, and days of equal work."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._cycle.settings import parse_calendar
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.spread import (
    LEAST_DAYS,
    MOST_DAYS_FORWARD,
    Turn,
    balance_load,
    daily_mean,
    first_due,
)

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
YESTERDAY = NOW - DAY
CLIENTS = [f"client_{number}" for number in range(200)]
STRANGE = ["", "Müller & Söhne", "客户", "\udce9", "x" * 5000]


@pytest.mark.parametrize("days", [1, 2, 7, 8, 30, 40, 999])
def test_a_first_due_date_is_never_later_than_the_cycle_and_never_at_once(days: int) -> None:
    for client in CLIENTS + STRANGE:
        due = first_due(client, NOW, days)
        assert NOW + min(days, LEAST_DAYS) * DAY <= due <= NOW + days * DAY
        assert due == first_due(client, NOW, days)


def test_clients_that_come_on_one_day_are_spread_over_the_cycle() -> None:
    load = Counter(first_due(client, NOW, 40) for client in CLIENTS)
    assert len(load) >= 30 and max(load.values()) <= 15


def test_a_first_due_date_leaves_room_for_a_window() -> None:
    calendar = parse_calendar([], [{"from": "2026-11-24", "to": "2026-12-15", "reason": "x"}])
    assert {first_due(client, NOW, 40, calendar) > datetime(2026, 12, 16, tzinfo=UTC) for client in CLIENTS} == {True}
    never = parse_calendar([], [{"from": "2026-11-24", "to": "2036-12-15", "reason": "x"}])
    assert {first_due(client, NOW, 40, never) for client in CLIENTS} == {NOW + 40 * DAY}


def test_nothing_is_pulled_forward_without_need() -> None:
    turns = {f"c{latest}": Turn(YESTERDAY, tuple(range(latest + 1))) for latest in range(6)}
    assert balance_load(turns, NOW, 0.9) == {f"c{latest}": latest for latest in range(6)}


def test_a_heap_is_spread_over_the_days_before_it() -> None:
    turns = {client: Turn(YESTERDAY, (0, 1, 2, 3, 4, 5)) for client in CLIENTS[:60]}
    assert Counter(balance_load(turns, NOW, 5).values()) == dict.fromkeys(range(6), 10)


def test_a_heap_that_is_further_away_is_seen_in_time() -> None:
    turns = {client: Turn(YESTERDAY, tuple(range(5, 11))) for client in CLIENTS[:60]}
    turns |= {f"near{number}": Turn(YESTERDAY, tuple(range(6))) for number in range(12)}
    plan = balance_load(turns, NOW, 1)
    assert {plan[client] for client in turns if client.startswith("near")} <= set(range(5))


def test_those_that_have_a_choice_make_way_for_those_that_have_none() -> None:
    one_day = {f"z{number}": Turn(YESTERDAY, (3,)) for number in range(6)}
    any_day = {f"a{number}": Turn(YESTERDAY, (0, 1, 2, 3)) for number in range(6)}
    plan = balance_load({**any_day, **one_day}, NOW, 3.0)
    assert Counter(plan.values()) == {0: 3, 1: 3, 3: 6}


def test_an_empty_day_takes_from_those_to_come() -> None:
    turns = {client: Turn(YESTERDAY, (0, 1, 2, 3)) for client in CLIENTS[:4]}
    assert Counter(balance_load(turns, NOW, 2.5).values())[0] == 2
    turns = {client: Turn(YESTERDAY, (1, 2, 3)) for client in CLIENTS[:4]}
    assert 0 not in balance_load(turns, NOW, 2.5).values()


def test_a_client_with_few_windows_keeps_to_them() -> None:
    turns = {client: Turn(YESTERDAY, (2,)) for client in CLIENTS[:9]} | {"free": Turn(YESTERDAY, (0, 1, 2))}
    plan = balance_load(turns, NOW, 1)
    assert {plan[client] for client in CLIENTS[:9]} == {2} and plan["free"] in (0, 1)


@pytest.mark.parametrize("seed", range(30))
def test_asked_again_after_the_work_of_today_no_other_client_is_planned_for_today(seed: int) -> None:
    chance = random.Random(seed)
    turns = {}
    for client in CLIENTS[: chance.randrange(1, 200)]:
        latest = chance.randrange(30)
        days = tuple(day for day in range(max(0, latest - MOST_DAYS_FORWARD), latest + 1) if chance.random() < 0.8)
        turns[client] = Turn(NOW - timedelta(hours=chance.randrange(1, 900)), days or (latest,))
    mean = daily_mean([40] * len(turns))
    today = [client for client, day in balance_load(turns, NOW, mean).items() if day == 0]
    later = NOW + timedelta(minutes=5)
    # In any order, and also when the run died half way.
    for rotated in (today, today[: len(today) // 2]):
        after = turns | {client: Turn(NOW) for client in rotated}
        again = {client for client, day in balance_load(after, later, mean).items() if day == 0}
        assert again <= set(today)


def test_the_mean_of_a_day_counts_every_cycle() -> None:
    assert daily_mean([40] * 200) == pytest.approx(5) and daily_mean([40, 10]) == pytest.approx(0.125)
    assert daily_mean([]) == 0 and balance_load({}, NOW, 0) == {}
