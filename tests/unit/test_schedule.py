# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done with a client, and told, at one moment and through many runs."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.effective import effective_cycle
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.notice_state import (
    ROTATED_TAGS,
    Failures,
    NoticeState,
    read_notice_state,
)
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.policy import Pause, Policy
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.schedule import RUN_LATE, Schedule, schedule
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.settings import parse_calendar
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.spread import balance_load, daily_mean, first_due
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import rotated_tags, started
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LAST = datetime(2026, 11, 23, 3, tzinfo=UTC)
DUE = LAST + 40 * DAY
CLIENT = "client_acme"
NIGHTS = {"from": "22:00", "to": "04:00", "timezone": "Europe/Berlin"}
SATURDAY = {"days": ["sat"], "from": "22:00", "to": "04:00"}


def written(last: datetime = LAST, more: Mapping[str, str] | None = None) -> dict[str, str]:
    made = rotated_tags(version="v1", trigger="scheduled", server_id="s", client=CLIENT, cycle=started(last, 40))
    return {**made, **(more or {})}


def policy(
    *windows: dict[str, Any], freezes: tuple[tuple[str, str], ...] = (), lead: int = 86400, pause: Pause | None = None
) -> Policy:
    frozen = [{"from": first, "to": last, "reason": "release"} for first, last in freezes]
    return Policy(lead=lead, calendar=parse_calendar(list(windows), frozen), pause=pause)


def at(now: datetime, asked: Policy | None = None, found: dict[str, str] | None = None) -> Schedule:
    asked, found = asked or policy(), written() if found is None else found
    return schedule(effective_cycle(found, now, CLIENT, asked, now), found, asked, now)


def events(found: Schedule) -> list[str]:
    return [notice["event"] for notice in found.pending_notices]


@pytest.mark.parametrize("lead", [3600, 86400, 7 * 86400])
def test_it_is_due_when_the_next_run_may_come_too_late(lead: int) -> None:
    edge = DUE - timedelta(seconds=lead) - RUN_LATE
    assert not at(edge, policy(lead=lead)).due_now
    assert at(edge + MINUTE, policy(lead=lead)).due_now


def test_days_left_are_whole_days_and_overdue_begins_after_five_minutes() -> None:
    assert [at(DUE + delta).days_left for delta in (-DAY, -MINUTE, MINUTE)] == [1, 0, -1]
    assert [at(DUE + delta).overdue for delta in (-MINUTE, 5 * MINUTE, 6 * MINUTE)] == [False, False, True]


def test_a_clock_that_is_five_minutes_slow_sees_nothing_wrong_right_after_a_rotation() -> None:
    found = at(LAST - 5 * MINUTE)
    assert not (found.due_now or found.overdue) and found.days_left == 40 and found.pending_notices == ()


def test_a_due_client_waits_for_its_window_and_says_until_when() -> None:
    noon = DUE - 15 * HOUR
    found = at(noon, policy(NIGHTS))
    assert (found.due_now, found.waiting, found.too_late) == (False, True, False)
    assert found.opens == found.expected == datetime(2027, 1, 1, 21, tzinfo=UTC)
    assert "windows" in found.closed_because


def test_one_that_would_be_overdue_before_its_next_window_is_rotated_in_the_last_before() -> None:
    # The due date is Saturday 2 January 03:00, in the morning before the window of that day.
    asked = policy(SATURDAY)
    earlier, last = datetime(2026, 12, 20, 1, tzinfo=UTC), datetime(2026, 12, 27, 1, tzinfo=UTC)
    assert not at(earlier, asked).due_now
    found = at(last, asked)
    assert found.due_now and found.last_chance and not found.overdue


def test_one_that_missed_its_last_window_is_reported_until_it_is_overdue() -> None:
    found = at(datetime(2026, 12, 28, 1, tzinfo=UTC), policy(SATURDAY))
    assert (found.due_now, found.too_late, found.overdue) == (False, True, False)
    later = at(DUE + HOUR, policy(SATURDAY))
    assert later.overdue and later.waiting and events(later) == ["overdue"]
    assert at(datetime(2027, 1, 2, 23, tzinfo=UTC), policy(SATURDAY)).due_now


def test_before_a_freeze_that_covers_its_due_date_it_is_rotated_once() -> None:
    asked = policy(freezes=(("2026-12-20", "2027-01-10"),), lead=3600)
    assert not at(datetime(2026, 12, 19, 21, tzinfo=UTC), asked).due_now
    last = datetime(2026, 12, 19, 23, 30, tzinfo=UTC)
    assert at(last, asked).last_chance
    assert not at(last + MINUTE, asked, written(last)).due_now
    assert at(datetime(2026, 12, 25, tzinfo=UTC), asked).too_late


def test_a_freeze_longer_than_the_cycle_does_not_rotate_at_every_run_before_it() -> None:
    asked = policy(freezes=(("2027-01-01", "2027-03-01"),))
    runs = [datetime(2026, 12, 30, tzinfo=UTC) + hours * HOUR for hours in range(72)]
    assert len(rotations(written(), asked, runs)) == 1


def rotations(found: dict[str, str], asked: Policy, runs: list[datetime]) -> list[datetime]:
    done = []
    for now in runs:
        if at(now, asked, found).due_now:
            found = {**found, **written(now)}
            done.append(now)
    return done


def test_a_pause_keeps_it_out_and_says_whether_that_is_too_long() -> None:
    short, long = Pause(DUE - 2 * DAY, "migration"), Pause(DUE + DAY, "migration")
    assert at(DUE - 3 * DAY, policy(pause=short)).paused
    assert not at(DUE - 3 * DAY, policy(pause=short)).too_late
    found = at(DUE - HOUR, policy(pause=long))
    assert (found.paused, found.due_now, found.waiting, found.too_late) == (True, False, False, True)
    assert events(at(DUE + HOUR, policy(pause=long))) == ["overdue"]
    assert at(DUE + DAY, policy(pause=long)).due_now


def told(found: dict[str, str], notice: dict[str, Any]) -> dict[str, str]:
    """Mark a notice as sent, as the module does."""
    name = str(notice["notice_days"]) if notice["event"] == "upcoming" else notice["event"]
    return {**found, tags.NOTIFIED: read_notice_state(found).with_sent(notice["due"], name).tag()}


@pytest.mark.parametrize("step", [2 * HOUR, 7 * HOUR, DAY], ids=str)
@pytest.mark.parametrize("windows", [(), (NIGHTS,)], ids=["always", "nights"])
def test_each_notice_comes_once_however_often_the_job_runs(
    step: timedelta, windows: tuple[dict[str, Any], ...]
) -> None:
    found, sent, now = written(), [], LAST + 31 * DAY
    asked = policy(*windows)
    while now < DUE and not at(now, asked, found).due_now:
        for notice in at(now, asked, found).pending_notices:
            sent.append((notice["event"], notice["notice_days"]))
            found = told(found, notice)
        now += step
    assert sent == [("upcoming", 7), ("upcoming", 1)]


def test_after_a_long_outage_only_the_nearest_notice_is_sent() -> None:
    now = DUE - DAY - 20 * HOUR
    notice = at(now).pending_notices[0]
    assert (notice["event"], notice["notice_days"]) == ("upcoming", 1)
    assert at(now, found=told(written(), notice)).pending_notices == ()


def test_a_new_cycle_is_announced_anew() -> None:
    found = written(more={tags.NOTIFIED: NoticeState(stamp(DUE), frozenset({"7", "1"})).tag()})
    later = {**found, **written(DUE - DAY), tags.NOTIFIED: found[tags.NOTIFIED]}
    assert events(at(DUE + 34 * DAY, found=later)) == ["upcoming"]


def test_an_announcement_names_the_moment_at_which_it_is_expected() -> None:
    asked = policy(SATURDAY)
    notice = at(datetime(2026, 12, 23, 12, tzinfo=UTC), asked).pending_notices[0]
    assert notice["expected"] == "2026-12-26T22:00:00Z"
    assert policy(SATURDAY).calendar.is_open(datetime.fromisoformat(notice["expected"]))


def test_a_window_that_a_run_of_this_hour_meets_too_late_is_not_the_one_that_is_expected() -> None:
    fridays = policy({**SATURDAY, "days": ["fri"]})
    met, missed = datetime(2026, 12, 18, 1, 15, tzinfo=UTC), datetime(2026, 12, 18, 2, 30, tzinfo=UTC)
    assert at(met, fridays).expected == datetime(2027, 1, 1, 22, tzinfo=UTC)
    assert at(missed, fridays).expected == datetime(2026, 12, 25, 22, tzinfo=UTC)


def test_what_sns_did_not_take_is_owed_until_it_is_told() -> None:
    owed = written(more=ROTATED_TAGS)
    assert [notice["event"] for notice in at(LAST + HOUR, found=owed).pending_notices] == ["rotated"]
    sent = {**owed, tags.NOTIFIED: NoticeState(rotated="v1").tag()}
    assert at(LAST + HOUR, found=sent).pending_notices == ()


def test_a_failure_is_owed_until_it_is_told_and_the_next_one_again() -> None:
    first = Failures().another(stamp(DUE - DAY), "open", "login_refused")
    found = written(more={tags.FAILURES: first.tag()})
    notice = at(DUE - HOUR, found=found).pending_notices[0]
    assert (notice["event"], notice["failures"], notice["step"], notice["code"]) == (
        "failed",
        1,
        "open",
        "login_refused",
    )
    found[tags.NOTIFIED] = NoticeState(failed=notice["failed_at"]).tag()
    assert at(DUE - HOUR, found=found).pending_notices == ()
    found[tags.FAILURES] = first.another(stamp(DUE - HOUR), "open", "login_refused").tag()
    assert at(DUE - HOUR, found=found).pending_notices[0]["failures"] == 2


def test_a_client_that_is_rotated_now_is_neither_announced_nor_called_overdue() -> None:
    assert at(DUE - HOUR).pending_notices == at(DUE + HOUR).pending_notices == ()
    assert at(DUE + HOUR).due_now and at(DUE + HOUR).overdue


def daily(zone: str, time: str, first: str, days: int) -> Iterator[datetime]:
    """Yield the runs of a schedule that follows local time."""
    for day in range(days):
        local = datetime.fromisoformat(f"{first}T{time}") + day * DAY
        yield local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("time", ["02:30", "03:00"])
@pytest.mark.parametrize("windows", [(), ({"from": "22:00", "to": "04:00"},)], ids=["always", "nights"])
def test_forty_days_are_at_most_forty_whatever_clocks_do(
    zone: str, time: str, windows: tuple[dict[str, Any], ...]
) -> None:
    asked = policy(*({**entry, "timezone": zone} for entry in windows))
    for offset in (0, 13):
        runs = list(daily(zone, time, "2027-01-15", 500))[offset:]
        last = runs[0] - 7 * MINUTE
        done = rotations(written(last), asked, runs)
        gaps = [second - first for first, second in zip([last, *done], done, strict=False)]
        assert max(gaps) <= 40 * DAY and min(gaps) >= 37 * DAY
        assert any(run.date().isoformat() == "2028-02-29" for run in runs)


@pytest.mark.parametrize("lead", [3600, 86400])
def test_a_weekly_window_makes_cycles_of_weeks_and_never_two_in_one_night(lead: int) -> None:
    runs = [LAST + hours * HOUR for hours in range(24 * 130)]
    done = rotations(written(), policy(SATURDAY, lead=lead), runs)
    gaps = [second - first for first, second in zip([LAST, *done], done, strict=False)]
    assert max(gaps) <= 40 * DAY and min(gaps) > 27 * DAY


def test_missed_runs_are_made_up_and_nothing_is_rotated_twice() -> None:
    chance = random.Random(1)
    runs = [LAST + hours * HOUR for hours in range(24 * 130) if chance.random() < 0.3]
    done = rotations(written(), policy(), runs)
    again = rotations(written(), policy(), sorted(run + delta for run in runs for delta in (timedelta(), MINUTE)))
    assert again == done
    assert max(second - first for first, second in zip([LAST, *done], done, strict=False)) <= 40 * DAY


def test_the_days_on_which_it_could_be_rotated_are_those_with_a_window() -> None:
    night, noon = DUE - 4 * DAY - 4 * HOUR, DUE - 3 * DAY - 15 * HOUR
    assert at(night).turn.days == (0, 1, 2, 3, 4)
    assert at(night, policy(NIGHTS)).turn.days == (0, 1, 2, 3, 4)
    assert at(noon, policy(NIGHTS)).turn.days == ()
    assert at(night, policy(freezes=(("2026-12-29", "2026-12-30"),))).turn.days == (0, 3, 4)
    assert at(DUE - 10 * DAY).turn.days == (4, 5, 6, 7, 8, 9)
    assert at(DUE - 30 * DAY).turn.days == ()
    assert at(DUE - 4 * DAY, policy(pause=Pause(DUE, "x"))).turn.days == ()


def test_a_fleet_has_equal_days_even_before_a_freeze() -> None:
    clients = [f"client_{number}" for number in range(60)]
    asked = policy(freezes=(("2027-03-05", "2027-03-08"),))
    state = {client: written(LAST, {tags.DUE: stamp(first_due(client, LAST, 40))}) for client in clients}
    load, gaps = Counter[int](), []
    for day in range(1, 160):
        now = LAST + day * DAY
        seen = {client: at(now, asked, found) for client, found in state.items()}
        plan = balance_load(
            {client: found.turn for client, found in seen.items()}, now, daily_mean([40] * len(clients))
        )
        for client, found in seen.items():
            assert not found.due_now or plan[client] == 0
            if plan.get(client) == 0:
                gaps.append(now - found.cycle.last)
                state[client] = written(now)
                load[day] += 1
    frozen = range(102, 106)
    mean = sum(load.values()) / 159
    assert max(load.values()) <= 2 * mean
    assert min(load[day] for day in range(9, 160) if day not in range(102, 110)) >= mean / 2
    assert not any(load[day] for day in frozen) and max(gaps[len(clients) :]) <= 40 * DAY
