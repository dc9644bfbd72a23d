# SPDX-License-Identifier: GPL-3.0-or-later
"""What people write in an inventory: taken as meant, or refused with a sentence that says how to mend it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._cycle.policy import Pause, Policy
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.settings import (
    EXAMPLES,
    parse_calendar,
    parse_pause,
)
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import filled

WINDOW = {"days": ["mon"], "from": "22:00", "to": "04:00"}
FREEZE = {"from": "2026-12-20", "to": "2027-01-02", "reason": "year end"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(windows: str) -> tuple[timedelta, timedelta]:
    parsed = parse_calendar(DataLoader().load(windows), None).windows[0]
    return parsed.start, parsed.end


def test_the_examples_of_the_messages_are_right() -> None:
    parsed = [DataLoader().load(example) for example in EXAMPLES.values()]
    assert parse_calendar(parsed[0], parsed[1]).windows and parse_pause(parsed[2])


@pytest.mark.parametrize(
    "text", ['[{from: "22:00", to: "04:00"}]', "[{from: 22:00, to: 04:00}]", '[{from: "22:00", to: 4:00}]']
)
def test_a_time_means_the_same_with_and_without_quotes(text: str) -> None:
    assert span(text) == (timedelta(hours=22), timedelta(hours=28))


def test_a_whole_day_can_be_said() -> None:
    assert span('[{from: "00:00", to: "24:00"}]') == (timedelta(), timedelta(hours=24))


@pytest.mark.parametrize(
    ("days", "expected"),
    [(["mon", "Tuesday", "SUN"], {0, 1, 6}), ("mon,tue", {0, 1}), ("fri", {4}), (None, set(range(7)))],
)
def test_days_are_named_short_or_in_full(days: Any, expected: set[int]) -> None:
    assert parse_calendar([{**WINDOW, "days": days}], []).windows[0].days == expected


@pytest.mark.parametrize(
    ("written", "begins", "ends"),
    [
        ("{from: 2026-12-20, to: 2027-01-02}", "2026-12-20T00:00", "2027-01-03T00:00"),
        ('{from: "2026-12-20", to: "2026-12-20"}', "2026-12-20T00:00", "2026-12-21T00:00"),
        ("{from: 2026-12-20, to: 2026-12-20, timezone: Europe/Berlin}", "2026-12-19T23:00", "2026-12-20T23:00"),
        ("{from: 2026-12-20 12:00:00, to: 2026-12-20T18:00:00+01:00}", "2026-12-20T12:00", "2026-12-20T17:00"),
        ('{from: "2026-12-20 12:00", to: "2026-12-20 12:30"}', "2026-12-20T12:00", "2026-12-20T12:30"),
        # A moment that clocks show twice counts so that the freeze is the longer one.
        (
            '{from: "2027-10-31 02:30", to: "2027-10-31 02:31", timezone: Europe/Berlin}',
            "2027-10-31T00:30",
            "2027-10-31T01:31",
        ),
        ("{from: 2028-02-28, to: 2028-02-29}", "2028-02-28T00:00", "2028-03-01T00:00"),
    ],
)
def test_a_freeze_is_of_whole_days_or_of_moments(written: str, begins: str, ends: str) -> None:
    freeze = parse_calendar(None, [{**DataLoader().load(written), "reason": "x"}]).freezes[0]
    assert (freeze.start, freeze.end) == (at(begins), at(ends))


def test_a_pause_ends_with_its_last_day() -> None:
    pause = parse_pause({"until": "2026-12-20", "reason": "migration", "timezone": "America/New_York"})
    assert pause == Pause(at("2026-12-21T05:00"), "migration")
    assert pause.holds(at("2026-12-21T04:59")) and not pause.holds(at("2026-12-21T05:00"))


@pytest.mark.parametrize("nothing", [None, {}, "", []])
def test_without_a_pause_there_is_none(nothing: Any) -> None:
    assert parse_pause(nothing) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"days": ["mon-fri"]},
        {"days": ["monkey"]},
        {"days": []},
        {"days": 3},
        {"from": "24:00"},
        {"from": "22"},
        {"from": 22},
        {"from": "22:60"},
        {"from": "10pm"},
        {"from": None},
        {"from": "04:00"},
        {"to": "24:01"},
        {"to": "-1:00"},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"timezone": ""},
        {"timezone": "Europe"},
        {"tz": "UTC"},
    ],
    ids=str,
)
def test_a_window_that_makes_no_sense_is_refused(changed: dict[str, Any]) -> None:
    error = refusal_of(parse_calendar, [{**WINDOW, **changed}], [])
    assert error.code == "invalid_option"
    assert "rotation_windows" in filled(error.cause, "") and "for example" in error.next_step


@pytest.mark.parametrize(
    "changed",
    [
        {"from": "2027-01-03"},
        {"from": "20/12/2026"},
        {"from": "2026-02-29"},
        {"to": "9999-12-31"},
        {"to": "0001-01-01"},
        {"to": None},
        {"reason": ""},
        {"reason": None},
        {"reason": "x" * 201},
        {"reason": "two\nlines"},
        {"timezone": "nowhere"},
        {"until": "2027-01-03"},
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_a_freeze_that_makes_no_sense_is_refused(changed: dict[str, Any]) -> None:
    error = refusal_of(parse_calendar, [], [{**FREEZE, **changed}])
    assert error.code == "invalid_option"
    assert "rotation_freezes" in str(error) and error.next_step


@pytest.mark.parametrize(
    "paused", [{"reason": "x"}, {"until": "2026-12-20"}, {"until": "soon", "reason": "x"}, True, ["x"]], ids=str
)
def test_a_pause_without_an_end_or_a_reason_is_refused(paused: Any) -> None:
    error = refusal_of(parse_pause, paused)
    assert error.code == "invalid_option" and "rotation_paused" in str(error)


@pytest.mark.parametrize("windows", ["mon 22:00", {"from": "22:00"}, ["22:00"], 7], ids=str)
def test_what_is_no_list_of_dictionaries_is_refused(windows: Any) -> None:
    error = refusal_of(parse_calendar, windows, [])
    assert error.code == "invalid_option" and "rotation_windows" in filled(error.cause, "")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"cycle_days": 0}, "rotation_cycle_days"),
        ({"cycle_days": 1000}, "rotation_cycle_days"),
        ({"lead": 59}, "rotation_lead"),
        ({"lead": 8 * 86400}, "rotation_lead"),
        ({"notice_days": (7, 0)}, "rotation_notice_days"),
        ({"notice_days": tuple(range(1, 12))}, "rotation_notice_days"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(options: dict[str, Any], name: str) -> None:
    error = refusal_of(Policy, **options)
    assert error.code == "invalid_option" and name in filled(error.cause, "") and error.next_step
