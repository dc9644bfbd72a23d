# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows and freezes against the clock on the wall, minute by minute, on the days when clocks change too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._cycle.settings import SHORT, parse_calendar
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.windows import Calendar

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
# Clocks go forward and back there, and a leap day.
SPECIAL_DAYS = {
    BERLIN: ("2027-03-28", "2027-10-31", "2028-02-29"),
    NEW_YORK: ("2027-03-14", "2027-11-07", "2028-02-29"),
    "Australia/Lord_Howe": ("2027-10-03", "2027-04-04"),  # by half an hour
    "Africa/Cairo": ("2027-04-30", "2027-10-29"),  # at midnight
}
HOURS = [
    ("22:00", "04:00"),
    ("02:10", "02:50"),
    ("02:30", "03:30"),
    ("00:00", "24:00"),
    ("23:30", "00:30"),
    ("01:00", "02:00"),
]


def window(start: str, end: str, zone: str = "UTC", days: tuple[str, ...] = SHORT) -> dict[str, Any]:
    return {"days": list(days), "from": start, "to": end, "timezone": zone}


def calendar(*windows: dict[str, Any], freezes: tuple[dict[str, Any], ...] = ()) -> Calendar:
    return parse_calendar(list(windows), list(freezes))


def moment(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def on_the_wall(now: datetime, entry: dict[str, Any]) -> bool:
    """Say by the clock on the wall alone whether a window is open."""
    local = now.astimezone(ZoneInfo(entry["timezone"]))
    shown = f"{local:%H:%M}"
    today, yesterday = (SHORT[(local.weekday() - back) % 7] in entry["days"] for back in (0, 1))
    if entry["from"] < entry["to"]:
        return today and entry["from"] <= shown < entry["to"]
    return (today and shown >= entry["from"]) or (yesterday and shown < entry["to"])


@pytest.mark.parametrize("hours", HOURS, ids="-".join)
@pytest.mark.parametrize(("zone", "date"), [(zone, date) for zone, dates in SPECIAL_DAYS.items() for date in dates])
def test_a_window_is_open_exactly_when_the_clock_on_the_wall_says_so(
    zone: str, date: str, hours: tuple[str, str]
) -> None:
    entry = window(*hours, zone, days=("sun", "fri", "tue"))
    opened = calendar(entry)
    begin = moment(f"{date}T00:00", zone) - 12 * HOUR
    minutes = [begin + number * 5 * MINUTE for number in range(12 * 40)]
    stretches = opened.stretches(minutes[0], minutes[-1])
    assert [now for now in minutes[:-1] if any(first <= now < last for first, last in stretches)] == [
        now for now in minutes[:-1] if on_the_wall(now, entry)
    ]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_openings_are_the_moments_when_it_gets_open_through_a_whole_year(zone: str) -> None:
    opened = calendar(
        window("22:00", "04:00", zone, days=("fri", "sat")), window("02:15", "02:45", zone, days=("sun",))
    )
    now = moment("2027-12-24T12:00")
    for _opening in range(110):
        opening = opened.next_opening(now)
        assert opening is not None
        assert now <= opening and opened.is_open(opening) and not opened.is_open(opening - MINUTE)
        closing = opened.stretches(opening, opening + DAY)[0][1]
        assert not opened.is_open(closing) and opened.is_open(closing - MINUTE)
        now = closing


def test_hours_that_are_skipped_do_not_come_and_the_next_day_does() -> None:
    opened = calendar(window("02:10", "02:50", BERLIN))
    assert opened.next_opening(moment("2027-03-28T00:00", BERLIN)) == moment("2027-03-29T02:10", BERLIN)


def test_hours_that_come_twice_are_open_twice() -> None:
    opened = calendar(window("02:10", "02:50", BERLIN))
    day = moment("2027-10-31T00:00", BERLIN)
    assert [last - first for first, last in opened.stretches(day, day + DAY)] == [40 * MINUTE, 40 * MINUTE]


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    opened = calendar(window("22:00", "04:00", days=("fri",)))
    assert opened.is_open(moment("2026-11-28T03:59"))  # a Saturday
    assert not opened.is_open(moment("2026-11-27T03:59"))
    assert not opened.is_open(moment("2026-11-28T04:00"))


def test_a_leap_day_is_a_day() -> None:
    opened = calendar(window("22:00", "04:00", days=("tue",)))
    assert opened.next_opening(moment("2028-02-28T12:00")) == moment("2028-02-29T22:00")
    frozen = calendar(freezes=({"from": "2028-02-28", "to": "2028-02-29", "reason": "x"},))
    assert frozen.next_opening(moment("2028-02-28T12:00")) == moment("2028-03-01T00:00")


def test_windows_in_two_zones_are_one_where_they_meet() -> None:
    opened = calendar(window("22:00", "02:00", "UTC"), window("20:00", "23:00", NEW_YORK))
    day = moment("2026-11-23T12:00")
    assert opened.stretches(day, day + DAY) == [(moment("2026-11-23T22:00"), moment("2026-11-24T04:00"))]


def test_without_a_window_it_is_open_but_for_freezes() -> None:
    opened = calendar(freezes=({"from": "2026-12-20", "to": "2027-01-02", "reason": "year end", "timezone": BERLIN},))
    before, during, after = moment("2026-12-19T22:59"), moment("2026-12-24T18:00"), moment("2027-01-02T23:00")
    assert [opened.is_open(now) for now in (before, during, after)] == [True, False, True]
    assert opened.next_opening(during) == after
    assert opened.stretches(before, during) == [(before, moment("2026-12-19T23:00"))]
    assert "year end" in opened.closed_because(during) and opened.closed_because(before) == ""


def test_a_freeze_takes_from_windows_and_freezes_may_overlap() -> None:
    freezes = tuple(
        {"from": start, "to": end, "reason": "release"}
        for start, end in [("2026-11-27T23:00", "2026-11-28T01:00"), ("2026-11-28T00:30", "2026-11-28T02:00")]
    )
    opened = calendar(window("22:00", "04:00", days=("fri",)), freezes=freezes)
    day = moment("2026-11-27T12:00")
    assert opened.stretches(day, day + DAY) == [
        (moment("2026-11-27T22:00"), moment("2026-11-27T23:00")),
        (moment("2026-11-28T02:00"), moment("2026-11-28T04:00")),
    ]


def test_an_opening_that_never_comes_is_none() -> None:
    frozen = calendar(freezes=({"from": "2026-01-01", "to": "2096-01-01", "reason": "sold"},))
    assert frozen.next_opening(moment("2026-06-01T00:00")) is None


def test_outside_of_the_windows_is_a_reason_too() -> None:
    assert "windows" in calendar(window("22:00", "04:00")).closed_because(moment("2026-11-27T12:00"))


def test_each_day_has_a_letter() -> None:
    monday = moment("2027-01-04").date()
    freeze = {"from": "2027-01-06T12:00:00Z", "to": "2027-01-08T12:00:00Z", "reason": "release", "timezone": "UTC"}
    assert calendar().days(monday, 7) == ""
    assert calendar(freezes=(freeze,)).days(monday, 7) == "ooofooo"
    assert calendar(window("22:00", "04:00", days=("mon", "sat"))).days(monday, 8) == "oowwwooo"
    assert calendar(window("01:00", "05:00", days=("mon", "thu")), freezes=(freeze,)).days(monday, 7) == "owfffww"
