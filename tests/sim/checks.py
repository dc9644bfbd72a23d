# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true of every history. Each check yields a line for everything that is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date

from .history import DAY, Change, History, Message

# A day may have twice the mean, or half of it; a fleet of a few clients has days of two and days of none.
FACTOR = 2
# Before that the first due dates have not begun, and a fleet's planning cannot have taken hold.
SETTLING_DAYS = 12
UPCOMING_DAYS = 7
# The last days are without trouble; a window may open only once a week.
END_DAYS = 13


def longest_interval(begun: Change, cycle_days: int) -> float:
    """Return the days until the next change, where the inventory may have named another cycle meanwhile.

    A password that was brought back has one day, and until the next window opens.
    """
    return 8.1 if begun.trigger == "rollback" else max(begun.cycle_days, cycle_days)


def lockouts(history: History) -> Iterator[str]:
    """Whatever is AWSCURRENT opens every row."""
    yield from history.lockouts


def late_intervals(history: History) -> Iterator[str]:
    """Nobody waits longer than the cycle, unless something stood in the way."""
    for begun, ended in history.intervals():
        days = (ended.at - begun.at) / DAY
        if days > longest_interval(begun, ended.cycle_days) and not history.hindered(begun.client, ended.at):
            yield f"{begun.client}: {days:.2f} days from {begun.at} to {ended.at}"


def overdue_at_the_end(history: History) -> Iterator[str]:
    """Nobody is forgotten: the last change of everyone is younger than the cycle."""
    last = {change.client: change for change in history.changes}
    for client, cycle_days in history.cycles.items():
        days = (history.end - last[client].at) / DAY
        late = days > longest_interval(last[client], cycle_days)
        if late and not history.hindered(client, history.end, days=END_DAYS):
            yield f"{client}: not changed for {days:.2f} days at the end"


def double_rotations(history: History) -> Iterator[str]:
    """No schedule changes a password that was changed within the day, unless it was one brought back."""
    for begun, ended in history.intervals():
        if ended.trigger == "scheduled" and begun.trigger != "rollback" and ended.at - begun.at < 0.9 * DAY:
            yield f"{begun.client}: {begun.trigger} at {begun.at}, scheduled again at {ended.at}"


def repeated_runs(history: History) -> Iterator[str]:
    """A second run an instant later changes nothing, and says nothing."""
    yield from history.repeated


def repeated_notices(history: History) -> Iterator[str]:
    """Each notice comes once; twice only where a run died between sending it and writing that down."""
    first = dict[str, Message]()
    for message in history.messages:
        before = first.setdefault(message.notice_id, message)
        if before is not message and not history.troubled(
            message.client, before.at - DAY / 2, message.at, "death", "aws denied"
        ):
            yield f"{message.client}: {message.event} of {before.at} again at {message.at}"


def untold_changes(history: History) -> Iterator[str]:
    """Every change is told of, unless the next came before SNS worked again; and nothing is told that was none."""
    told = {message.version for message in history.messages if message.event == "rotated"}
    superseded = {begun.version for begun, ended in history.intervals() if ended.at - begun.at < 2 * DAY}
    known = {change.version for change in history.changes}
    for change in history.changes:
        if change.trigger != "onboarding" and change.version not in told | superseded:
            yield f"{change.client}: {change.trigger} at {change.at} was never told"
    yield from (f"version {version} was told of, but never was AWSCURRENT" for version in told - known)


def unannounced_changes(history: History) -> Iterator[str]:
    """A scheduled change after a long enough interval was announced within that interval."""
    for begun, ended in history.intervals():
        announced = any(
            message.client == begun.client and message.event == "upcoming" and begun.at < message.at <= ended.at
            for message in history.messages
        )
        long_enough = ended.at - begun.at > (UPCOMING_DAYS + 2) * DAY
        hindered = history.troubled(begun.client, begun.at, ended.at, "missed run", "sns down", "death", "paused")
        if ended.trigger == "scheduled" and long_enough and not announced and not hindered:
            yield f"{begun.client}: changed at {ended.at} without a notice before"


def untold_failures(history: History) -> Iterator[str]:
    """After every failure people hear of it, or of a later one, by the next run on which SNS works."""
    for failure in history.failures:
        if history.troubled(
            failure.client, failure.at - DAY / 2, failure.at + 2 * DAY, "sns down", "death", "aws denied"
        ):
            continue
        told = [m for m in history.messages if m.client == failure.client and m.event in ("failed", "rotated")]
        if not any(failure.at <= message.at <= failure.at + 2 * DAY for message in told):
            yield f"{failure.client}: the failure at {failure.at} was never told"


def uneven_days(history: History) -> Iterator[str]:
    """The work of a day stays within a factor of two of the mean, outside of freezes and three days after them.

    A day whose run was missed, or died, is a freeze too.
    """
    load = Counter(change.at.date() for change in history.changes if change.trigger == "scheduled")
    most, least = max(2.0, FACTOR * history.daily_mean), history.daily_mean / FACTOR
    for day in _even_days(history):
        if not least - 1 < load[day] <= most:
            yield f"{day}: {load[day]} scheduled rotations, where the mean is {history.daily_mean:.1f}"


def _even_days(history: History) -> Iterator[date]:
    disturbed = {trouble.at.date() for trouble in history.troubles if trouble.kind in ("missed run", "death")}
    shadow = {day + n * DAY for day in history.freezes for n in range(4)}
    shadow |= {day + n * DAY for day in disturbed for n in range(4)}
    day = (history.start + SETTLING_DAYS * DAY).date()
    while day < history.end.date():
        if day not in shadow:
            yield day
        day += DAY


def unsettled_clients(history: History) -> Iterator[str]:
    """At the end, after two undisturbed runs, nothing is half done."""
    yield from (f"{remainder.client}: {remainder.what}" for remainder in history.remainders)


Check = Callable[[History], Iterator[str]]
CHECKS: tuple[Check, ...] = (
    lockouts,
    late_intervals,
    overdue_at_the_end,
    double_rotations,
    repeated_runs,
    repeated_notices,
    untold_changes,
    unannounced_changes,
    untold_failures,
    uneven_days,
    unsettled_clients,
)


def violations(history: History) -> dict[str, list[str]]:
    """Return what each check found."""
    return {check.__name__: list(check(history)) for check in CHECKS}
