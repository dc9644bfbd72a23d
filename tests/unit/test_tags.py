# SPDX-License-Identifier: GPL-3.0-or-later
"""The cycle in the tags: what is written is read again, and what is missing or spoilt is mended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import (
    Cycle,
    is_impossible_overlap,
    overlap_until,
    read_cycle,
    refused_versions,
    rotated_tags,
    shortened,
    started,
    unreadable,
    with_refused,
)
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
LAST = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def written(days: int = 30) -> dict[str, str]:
    return rotated_tags(version="v1", trigger="on_demand", server_id="s1", client="acme", cycle=started(LAST, days))


def test_what_is_written_is_read_again() -> None:
    assert read_cycle(written(), CREATED) == Cycle(LAST, 30, LAST + timedelta(days=30), mended=False)


def test_every_tag_is_written_in_a_form_that_aws_takes() -> None:
    assert written() == {
        tags.VERSION: "v1",
        tags.LAST: "2026-03-01T12:30:00Z",
        tags.DUE: "2026-03-31T12:30:00Z",
        tags.CYCLE_DAYS: "30",
        tags.TRIGGER: "on_demand",
        tags.SERVER_ID: "s1",
        tags.CLIENT: "acme",
    }


def test_without_tags_the_age_of_the_version_counts() -> None:
    assert read_cycle({}, CREATED) == Cycle(CREATED, 40, CREATED + timedelta(days=40), mended=True)


@pytest.mark.parametrize(
    "due",
    [
        *("", "soon", "2026-03-31", "2026-03-31T12:30:00", "31/03/2026"),
        *("0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"),
    ],
)
def test_a_due_date_that_cannot_be_read_is_mended_from_the_last(due: str) -> None:
    cycle = read_cycle(written() | {tags.DUE: due}, CREATED)
    assert (cycle.due, cycle.mended) == (LAST + timedelta(days=30), True)


def test_a_due_date_set_by_hand_stands() -> None:
    cycle = read_cycle(written() | {tags.DUE: "2026-03-05T02:00:00+02:00"}, CREATED)
    assert (cycle.due, cycle.mended) == (datetime(2026, 3, 5, tzinfo=UTC), False)


@pytest.mark.parametrize(
    ("days", "expected"),
    [("1", 1), ("999", 999), ("0", 40), ("1000", 40), ("-3", 40), ("40.5", 40), ("", 40), ("forty", 40), ("²", 40)],
)
def test_cycle_days_out_of_range_count_as_the_default(days: str, expected: int) -> None:
    assert read_cycle({tags.CYCLE_DAYS: days}, CREATED).days == expected


@pytest.mark.parametrize("last", ["9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z", "yesterday"])
def test_a_last_date_that_makes_no_sense_is_the_age_of_the_version(last: str) -> None:
    assert read_cycle({tags.LAST: last}, CREATED) == Cycle(CREATED, 40, CREATED + timedelta(days=40), mended=True)


def test_what_cannot_be_read_is_named() -> None:
    assert unreadable(written()) == ()
    assert unreadable({}) == (tags.LAST, tags.DUE, tags.CYCLE_DAYS)
    assert unreadable(written() | {tags.DUE: "soon", tags.CYCLE_DAYS: "-3"}) == (tags.DUE, tags.CYCLE_DAYS)


def test_a_stamp_is_utc_to_the_second() -> None:
    moment = datetime(2026, 3, 1, 1, 2, 3, 456, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(moment) == "2026-02-28T23:02:03Z"


def test_a_rollback_is_due_within_a_day_and_never_later_than_before() -> None:
    cycle = started(LAST, 40)
    assert shortened(cycle, LAST) == Cycle(LAST, 40, LAST + timedelta(days=1), mended=False)
    assert shortened(cycle, LAST + timedelta(days=60)) == cycle


@pytest.mark.parametrize(("text", "impossible"), [("", False), ("later", True), ("9999-01-01T00:00:00Z", True)])
def test_an_overlap_that_nobody_promised_is_none(text: str, impossible: bool) -> None:
    found = {tags.OVERLAP_UNTIL: text}
    assert overlap_until(found, LAST) is None and is_impossible_overlap(found, LAST) is impossible


@pytest.mark.parametrize(("days", "ends", "impossible"), [(0, 0, False), (30, 30, False), (31, 30, True)])
def test_no_overlap_is_longer_than_its_limit(days: int, ends: int, impossible: bool) -> None:
    found = {tags.OVERLAP_UNTIL: stamp(LAST + timedelta(days=days))}
    assert overlap_until(found, LAST) == LAST + timedelta(days=ends)
    assert is_impossible_overlap(found, LAST) is impossible


def test_refused_versions_are_read_one_by_one() -> None:
    assert refused_versions({tags.REFUSED: "v1 v2"}) == ["v1", "v2"]
    assert refused_versions({}) == []


def test_a_refusal_is_added_to_the_others_as_long_as_they_fit_into_a_tag() -> None:
    assert with_refused({}, "v1") == "v1"
    assert with_refused({tags.REFUSED: "v1 v2"}, "v1") == "v2 v1"
    full = " ".join(f"{number:036}" for number in range(6))
    assert with_refused({tags.REFUSED: full}, "x" * 36) == f"{full[37:]} {'x' * 36}"
