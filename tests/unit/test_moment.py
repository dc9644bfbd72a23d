# SPDX-License-Identifier: GPL-3.0-or-later
"""A moment that somebody writes: read, put into a time zone, or refused with how to write it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._module.moment import moment
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import filled

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-25T12:00:00Z", "2026-11-25T13:00:00+01:00", "20261125T12Z"])
def test_a_moment_with_a_time_zone_is_that_moment(text: str) -> None:
    assert moment("{option|before}", text) == moment("{option|history.since}", text, UTC) == NOON


@pytest.mark.parametrize("text", ["2026-11-25", "2026-11-25T00:00:00"])
def test_one_without_a_time_zone_is_in_the_one_given_or_refused(text: str) -> None:
    assert moment("{option|history.since}", text, UTC) == NOON.replace(hour=0)
    error = refusal_of(moment, "{option|before}", text)
    assert filled(error.cause, "") == "rotation_before is no moment in ISO 8601 with a time zone."
    assert error.next_step == "Write it like 2026-11-25T14:00:00Z."


def test_any_other_text_is_refused_and_not_repeated() -> None:
    error = refusal_of(moment, "{option|history.since}", "Hidden-Value-1234", UTC)
    assert (error.code, filled(error.cause, "")) == (
        "invalid_option",
        "rotation_history_since is no moment in ISO 8601.",
    )
    assert error.next_step == "Write it like 2026-11-25 or 2026-11-25T14:00:00Z."
