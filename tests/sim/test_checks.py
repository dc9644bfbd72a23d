# SPDX-License-Identifier: GPL-3.0-or-later
"""Each check finds what it is there for: a good history, with one thing in it that must not be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from .checks import CHECKS, violations
from .history import DAY, Change, Failure, History, Message, Remainder, Trouble

START = datetime(2027, 1, 4, 1, 15, tzinfo=UTC)
PERIOD, CLIENTS = 40, 40


def at(day: float) -> datetime:
    return START + day * DAY


def good() -> History:
    """One client a day, each every forty days, announced a week before and told of."""
    names = tuple(f"client_{number:02}" for number in range(CLIENTS))
    history = History(at(0), at(161), dict.fromkeys(names, PERIOD), frozenset())
    for number, name in enumerate(names):
        history.changes.append(Change(name, at(0), f"{name}-0", "onboarding", PERIOD))
        for turn in range(4):
            day = number + 1 + turn * PERIOD
            version = f"{name}-{turn + 1}"
            history.changes.append(Change(name, at(day), version, "scheduled", PERIOD))
            history.messages.append(Message(name, at(day - 7), "upcoming", f"u-{version}"))
            history.messages.append(Message(name, at(day), "rotated", f"r-{version}", version))
    return history


def change_of(history: History, version: str) -> Change:
    return next(change for change in history.changes if change.version == version)


def lock_out(history: History) -> None:
    history.lockouts.append("client_03")


def lose_a_rotation(history: History) -> None:
    history.changes.remove(change_of(history, "client_03-2"))


def forget_a_client(history: History) -> None:
    for turn in (3, 4):
        history.changes.remove(change_of(history, f"client_39-{turn}"))


def rotate_twice(history: History) -> None:
    before = change_of(history, "client_03-2")
    history.changes.insert(
        history.changes.index(before) + 1, Change("client_03", before.at + DAY / 9, "again", "scheduled", PERIOD)
    )


def work_in_a_second_run(history: History) -> None:
    history.repeated.append("client_03")


def send_twice(history: History) -> None:
    first = history.messages[7]
    history.messages.append(Message(first.client, first.at + DAY, first.event, first.notice_id))


def tell_nothing(history: History) -> None:
    history.messages = [message for message in history.messages if message.version != "client_03-2"]


def tell_too_much(history: History) -> None:
    history.messages.append(Message("client_03", at(9), "rotated", "r-x", "never-there"))


def announce_nothing(history: History) -> None:
    history.messages = [message for message in history.messages if message.notice_id != "u-client_03-2"]


def fail_silently(history: History) -> None:
    history.failures.append(Failure("client_03", at(60)))


def crowd_a_day(history: History) -> None:
    history.changes += [Change(f"client_{n}", at(50), f"more-{n}", "scheduled", PERIOD) for n in range(50, 53)]


def leave_something(history: History) -> None:
    history.remainders.append(Remainder("client_03", "AWSPENDING stands apart"))


WRONG: dict[Callable[[History], None], str] = {
    lock_out: "lockouts",
    lose_a_rotation: "late_intervals",
    forget_a_client: "overdue_at_the_end",
    rotate_twice: "double_rotations",
    work_in_a_second_run: "repeated_runs",
    send_twice: "repeated_notices",
    tell_nothing: "untold_changes",
    tell_too_much: "untold_changes",
    announce_nothing: "unannounced_changes",
    fail_silently: "untold_failures",
    crowd_a_day: "uneven_days",
    leave_something: "unsettled_clients",
}


def test_a_good_history_has_nothing_wrong() -> None:
    assert violations(good()) == {check.__name__: [] for check in CHECKS}


@pytest.mark.parametrize("spoil", WRONG, ids=lambda spoil: spoil.__name__)
def test_what_must_not_be_is_found(spoil: Callable[[History], None]) -> None:
    history = good()
    spoil(history)
    assert violations(history)[WRONG[spoil]]


def test_every_check_is_tried() -> None:
    assert set(WRONG.values()) == {check.__name__ for check in CHECKS}


def test_only_trouble_that_was_near_excuses_a_late_client() -> None:
    history = good()
    lose_a_rotation(history)
    ended = change_of(history, "client_03-3").at
    history.troubles.append(Trouble(ended - 20 * DAY, "server down", "client_03"))
    history.troubles.append(Trouble(ended - DAY, "server down", "client_04"))
    assert violations(history)["late_intervals"]
    history.troubles.append(Trouble(ended - DAY, "server down", "client_03"))
    assert not violations(history)["late_intervals"]
