# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags that are missing, spoilt, from the future or of another cycle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.effective import (
    EffectiveCycle,
    effective_cycle,
    has_last,
)
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.policy import Policy
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.spread import first_due
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import rotated_tags, started
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
LAST, CREATED = NOW - 10 * DAY, NOW - 12 * DAY
CLIENT = "client_acme"


def written(*, trigger: str = "scheduled", **changed: str | None) -> dict[str, str]:
    made = rotated_tags(version="v1", trigger=trigger, server_id="s1", client=CLIENT, cycle=started(LAST, 40))
    names = {"last": tags.LAST, "due": tags.DUE, "days": tags.CYCLE_DAYS}
    replaced = {names[name]: value for name, value in changed.items()}
    return {key: value for key, value in {**made, **replaced}.items() if value is not None}


def effective(
    found: dict[str, str], *, days: int | None = None, now: datetime = NOW, start: bool = False
) -> EffectiveCycle:
    return effective_cycle(found, CREATED, CLIENT, Policy(cycle_days=days), now, start=start)


def test_good_tags_are_left_alone() -> None:
    found = effective(written(), days=40)
    assert (found.cycle.last, found.cycle.due, found.tags, found.warnings) == (LAST, LAST + 40 * DAY, {}, ())


@pytest.mark.parametrize("name", ["last", "due", "days"])
@pytest.mark.parametrize("value", [None, "", "garbage"])
def test_what_is_missing_or_spoilt_is_mended_with_a_warning(name: str, value: str | None) -> None:
    spoilt: dict[str, Any] = {name: value}
    found = effective(written(**spoilt))
    key = {"last": tags.LAST, "due": tags.DUE, "days": tags.CYCLE_DAYS}[name]
    assert list(found.tags) == [key]
    assert len(found.warnings) == 1 and key in found.warnings[0]
    assert found.cycle.last == (CREATED if name == "last" else LAST)
    assert found.cycle.due == LAST + 40 * DAY


def test_without_the_dates_the_age_of_the_version_counts() -> None:
    found = effective(written(last=None, due=None))
    assert (found.cycle.last, found.cycle.due) == (CREATED, CREATED + 40 * DAY)
    assert found.tags == {tags.LAST: stamp(CREATED), tags.DUE: stamp(CREATED + 40 * DAY)}


@pytest.mark.parametrize(("ahead", "trusted"), [(timedelta(minutes=5), True), (timedelta(minutes=6), False)])
def test_clocks_may_differ_by_five_minutes_and_no_more(ahead: timedelta, trusted: bool) -> None:
    found = written(last=stamp(NOW + ahead), due=stamp(NOW + ahead + 40 * DAY))
    assert has_last(found, NOW) is trusted
    assert (effective(found).warnings == ()) is trusted


@pytest.mark.parametrize("years", [1, 9, 900])
def test_a_due_date_that_no_one_can_have_meant_is_an_error_that_says_how_to_mend_it(years: int) -> None:
    error = refusal_of(effective, written(due=stamp(NOW + years * 365 * DAY)))
    assert error.code == "impossible_due"
    assert tags.DUE in error.next_step and "reset" in error.next_step


@pytest.mark.parametrize(("ahead", "fits"), [(40, True), (41, True), (43, False)])
def test_the_limit_is_the_cycle_and_the_next_run(ahead: int, fits: bool) -> None:
    found = written(due=stamp(NOW + ahead * DAY))
    if fits:
        assert "lies after" in effective(found).warnings[0]
    else:
        with pytest.raises(RotationError):
            effective(found)


def test_a_due_date_in_the_past_is_only_overdue() -> None:
    assert effective(written(due="2001-01-01T00:00:00Z")).cycle.due.year == 2001


def test_a_date_that_a_person_wrote_in_another_form_stands_as_it_is() -> None:
    found = effective(written(due="2026-12-01 05:00+02:00"))
    assert (found.cycle.due, found.tags, found.warnings) == (datetime(2026, 12, 1, 3, tzinfo=UTC), {}, ())


@pytest.mark.parametrize("days", [1, 30, 90])
def test_a_cycle_of_another_length_counts_from_the_last_rotation(days: int) -> None:
    found = effective(written(), days=days)
    assert found.cycle.due == LAST + days * DAY
    assert found.tags == {tags.DUE: stamp(LAST + days * DAY), tags.CYCLE_DAYS: str(days)}
    assert effective({**written(), **found.tags}, days=days).tags == {}


def test_a_longer_cycle_makes_a_far_due_date_possible() -> None:
    assert effective(written(due=stamp(NOW + 80 * DAY), days="garbage"), days=90).cycle.due == LAST + 90 * DAY


def test_a_first_cycle_that_was_spread_stays_spread() -> None:
    first = written(trigger="onboarding", due=stamp(first_due(CLIENT, LAST, 40)))
    assert effective(first, days=60).cycle.due == first_due(CLIENT, LAST, 60)


def test_a_new_client_gets_its_place_without_a_warning_and_keeps_it() -> None:
    found = effective({}, start=True)
    assert found.cycle.last == CREATED
    assert found.cycle.due in (first_due(CLIENT, CREATED, 40), first_due(CLIENT, NOW, 40))
    assert set(found.tags) == {tags.LAST, tags.DUE, tags.CYCLE_DAYS} and found.warnings == ()
    again = effective(found.tags, start=True, now=NOW + DAY)
    assert (again.tags, again.warnings) == ({}, ())


def test_new_clients_with_old_passwords_are_not_all_due_at_once() -> None:
    dues = [
        effective_cycle({}, NOW - 400 * DAY, f"client_{number}", Policy(), NOW, start=True).cycle.due
        for number in range(99)
    ]
    assert min(dues) > NOW + DAY and max(dues) <= NOW + 40 * DAY and len(set(dues)) > 25


def test_a_client_that_lost_its_tags_is_no_new_client() -> None:
    found = effective({tags.VERSION: "v1"}, start=True)
    assert found.cycle.due == CREATED + 40 * DAY and found.warnings
