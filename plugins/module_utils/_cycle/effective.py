# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags that are missing, spoilt or of another cycle: what is meant instead, and what no one can have meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .._codes import Code
from .._errors import RotationError
from .._stamp import stamp
from .._triggers import ONBOARDING
from . import tags
from .policy import Policy
from .spread import first_due
from .tags import SKEW, Cycle, read_cycle, unreadable
from .wall_clock import DAY


@dataclass(frozen=True)
class EffectiveCycle:
    """The cycle that holds, the tags to write so that the secret says so, and what people should know of it."""

    cycle: Cycle
    tags: dict[str, str]
    warnings: tuple[str, ...]


def has_last(secret_tags: Mapping[str, str], now: datetime) -> bool:
    """Return True if the tags say when the password was changed; else the age of the version is needed."""
    return tags.LAST not in _wrong_keys(secret_tags, now)


def effective_cycle(
    secret_tags: Mapping[str, str],
    created: datetime,
    client: str,
    policy: Policy,
    now: datetime,
    *,
    start: bool = False,
) -> EffectiveCycle:
    """Return the cycle that holds now; ``created`` is when AWSCURRENT's version was made.

    ``start``: a client that was never under management gets its place in the cycle.
    Raises RotationError (impossible_due) where the due date is further ahead than any run of ours sets it.
    """
    wrong = _wrong_keys(secret_tags, now)
    cycle = read_cycle({key: value for key, value in secret_tags.items() if key not in wrong}, created)
    days = policy.cycle_days or cycle.days
    if start and not _is_managed(secret_tags):
        cycle = _first_cycle(created, days, client, policy, now)
    elif days != cycle.days:
        cycle = _recount(secret_tags, cycle, days, client, policy)
    _refuse_impossible(cycle, policy, now, client)
    return EffectiveCycle(cycle, _tags(secret_tags, cycle, wrong), tuple(_warnings(secret_tags, cycle, wrong)))


def _wrong_keys(secret_tags: Mapping[str, str], now: datetime) -> tuple[str, ...]:
    wrong = unreadable(secret_tags)
    if tags.LAST not in wrong and read_cycle(secret_tags, now).last > now + SKEW:
        wrong += (tags.LAST,)
    return wrong


def _is_managed(secret_tags: Mapping[str, str]) -> bool:
    return any(key in secret_tags for key in (tags.VERSION, tags.LAST, tags.DUE))


def _first_cycle(created: datetime, days: int, client: str, policy: Policy, now: datetime) -> Cycle:
    """Return the cycle of a new client; one whose password is old already is not due today with all the others."""
    due = first_due(client, created, days, policy.calendar)
    if due < now + DAY:
        due = first_due(client, now, days, policy.calendar)
    return Cycle(created, days, due, mended=True)


def _recount(secret_tags: Mapping[str, str], cycle: Cycle, days: int, client: str, policy: Policy) -> Cycle:
    """Count a cycle of another length from the last rotation; a first cycle stays spread."""
    due = cycle.last + timedelta(days=days)
    if is_first(secret_tags) and cycle.due < cycle.last + timedelta(days=cycle.days):
        due = first_due(client, cycle.last, days, policy.calendar)
    return replace(cycle, days=days, due=due)


def is_first(secret_tags: Mapping[str, str]) -> bool:
    """Return True if the cycle is the one that onboarding began, so that no rotation has ended one yet."""
    return secret_tags.get(tags.TRIGGER, ONBOARDING) == ONBOARDING


def _tags(secret_tags: Mapping[str, str], cycle: Cycle, wrong: tuple[str, ...]) -> dict[str, str]:
    values = {tags.LAST: stamp(cycle.last), tags.DUE: stamp(cycle.due), tags.CYCLE_DAYS: str(cycle.days)}
    days = secret_tags.get(tags.CYCLE_DAYS)
    # A date that a person wrote in another form is left as it is.
    changed = wrong if days == values[tags.CYCLE_DAYS] else values
    return {key: values[key] for key in values if key in changed and secret_tags.get(key) != values[key]}


def _warnings(secret_tags: Mapping[str, str], cycle: Cycle, wrong: tuple[str, ...]) -> Iterator[str]:
    """Return what does not count; that a client was never under management is no loss."""
    spoilt = [key for key in wrong if key in secret_tags]
    missing = [key for key in wrong if key not in secret_tags]
    if spoilt:
        yield f"The tags {', '.join(spoilt)} of the secret make no sense and do not count."
    if missing and _is_managed(secret_tags):
        yield f"The secret lacks the tags {', '.join(missing)}; the age of its version and the defaults count instead."
    limit = cycle.last + timedelta(days=cycle.days)
    if cycle.due > limit + SKEW and not (wrong or is_first(secret_tags)):
        yield f"The due date {stamp(cycle.due)} lies after {stamp(limit)}, when the cycle of {cycle.days} days ends."


def _refuse_impossible(cycle: Cycle, policy: Policy, now: datetime, client: str) -> None:
    latest = max(now, cycle.last) + timedelta(days=cycle.days) + policy.until_next_run + DAY
    if cycle.due > latest:
        raise RotationError(
            f"The due date {stamp(cycle.due)} of {client} is further ahead than a cycle of {cycle.days} days allows.",
            code=Code.IMPOSSIBLE_DUE,
            next_step="If the cycle is meant to be longer, set {option|cycle_days}. Otherwise correct the tag"
            f" {tags.DUE} of the secret, or let rotation_cycle with the state reset count from now.",
        )
