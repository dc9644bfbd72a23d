# SPDX-License-Identifier: GPL-3.0-or-later
"""What has been told and how often it failed, in the words that a tag may hold."""

from __future__ import annotations

import re

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.notice_state import (
    OWED,
    ROTATED_TAGS,
    Failures,
    NoticeState,
    read_failures,
    read_notice_state,
)

DUE, OTHER = "2027-01-02T03:00:00Z", "2027-02-11T03:00:00Z"
VERSION = "5f0f3a4e-6b1c-4d5a-9a3b-0d5a0b1f2c3d"
FULL = NoticeState(DUE, frozenset({"7", "1", "overdue"}), VERSION, DUE)
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html
TAG_VALUE = re.compile(r"[A-Za-z0-9 +\-=._:/@]{0,256}")


@pytest.mark.parametrize(
    "told", [NoticeState(), FULL, NoticeState(rotated=OWED), NoticeState(DUE, frozenset({"7"}))], ids=NoticeState.tag
)
def test_what_has_been_told_is_read_again(told: NoticeState) -> None:
    assert TAG_VALUE.fullmatch(told.tag())
    assert read_notice_state({tags.NOTIFIED: told.tag()}) == told


def test_the_longest_that_can_be_told_fits_a_tag() -> None:
    longest = NoticeState(DUE, frozenset(map(str, range(990, 1000))) | {"overdue"}, VERSION, DUE)
    assert TAG_VALUE.fullmatch(longest.tag())


def test_what_was_sent_belongs_to_one_due_date() -> None:
    assert FULL.of(DUE) == {"7", "1", "overdue"} and FULL.of(OTHER) == frozenset()
    assert FULL.with_sent(OTHER, "7").sent == {"7"} and FULL.with_sent(OTHER, "7").rotated == VERSION


@pytest.mark.parametrize("value", ["", "garbage", "===", "due sent=", "sent=+ due", "failed"])
def test_a_spoilt_tag_means_that_nothing_was_told(value: str) -> None:
    assert read_notice_state({tags.NOTIFIED: value}).of(DUE) == frozenset()
    assert read_failures({tags.FAILURES: value}) == Failures()


def test_failures_add_up_and_are_read_again() -> None:
    second = Failures().another(DUE, "open", "login_refused").another(OTHER, "apply", "naïve: x\n" + "y" * 99)
    assert (second.count, second.at, second.step) == (2, OTHER, "apply")
    assert TAG_VALUE.fullmatch(second.tag())
    assert read_failures({tags.FAILURES: second.tag()}) == second


def test_a_rotation_owes_its_notice_and_ends_the_failures() -> None:
    assert read_notice_state(ROTATED_TAGS) == NoticeState(rotated=OWED) and read_failures(ROTATED_TAGS) == Failures()
