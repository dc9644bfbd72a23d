# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passwords that a client had, one after the other, as the audit trail and the secret tell of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from .._cycle.tags import SKEW
from .._operations import OFFBOARD, ONBOARD
from .._report.events import DONE, Event, is_moment, moment, succeeded
from .._results import text
from .._triggers import ROLLBACK

# Kinds of events that tell which password a client has, and until when that is good. One of the cycle is not among
# them: it moves the date, and no password was replaced.
TELLING = tuple(DONE)
# One that was brought back has a day, and the next daily run is the first that may replace it.
AFTER_ROLLBACK = timedelta(days=1, hours=1)


@dataclass(frozen=True)
class Password:
    """A version that was AWSCURRENT, since when, and until when it was to be replaced.

    ``left`` is when the client was offboarded with it, so that nobody had to do that any more.
    """

    version: str
    since: datetime
    due: datetime
    brought_back: bool = False
    left: datetime | None = None

    @property
    def limit(self) -> datetime:
        """Return the moment after which its replacement is late."""
        return self.due + (AFTER_ROLLBACK if self.brought_back else SKEW)


@dataclass(frozen=True)
class Gap:
    """A version that was AWSCURRENT at some time between two moments, and of which the trail has no event."""

    version: str
    since: datetime
    until: datetime


@dataclass
class Past:
    """The passwords of a client, the oldest first, and the gaps between them.

    ``begun`` says that the trail has the onboarding with which they begin.
    """

    passwords: list[Password] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    begun: bool = False

    @property
    def known_since(self) -> datetime | None:
        """Return since when a password is known; None where none is."""
        return self.passwords[0].since if self.passwords else None

    @property
    def left(self) -> datetime | None:
        """Return when the client was offboarded; None where it was not."""
        return self.passwords[-1].left if self.passwords else None

    def take(self, told: Password, time: datetime, before: str = "") -> None:
        """Take what was told of a password at a moment; ``before`` is the version that it replaced, where known."""
        last = self.passwords[-1] if self.passwords else None
        if last is None or (last.version == told.version and last.left):
            self.passwords.append(told)
        elif last.version != told.version and not self._is_belated(told, time):
            if before and not self.knows(before):
                self.gaps.append(Gap(before, last.since, time))
            self.passwords.append(replace(told, since=max(told.since, last.since)))

    def leave(self, time: datetime) -> None:
        """Take that nobody had to replace the last password from a moment on."""
        if self.passwords and not self.passwords[-1].left:
            self.passwords[-1] = replace(self.passwords[-1], left=time)

    def knows(self, version: str) -> bool:
        """Return True if the version is among them."""
        return any(one.version == version for one in self.passwords)

    def is_of_gap(self, password: Password) -> bool:
        """Return True if nobody knows when a password ended, for what came after it is in no event."""
        return any(gap.since == password.since and gap.version != password.version for gap in self.gaps)

    def _is_belated(self, told: Password, time: datetime) -> bool:
        """Return True for a former password of which a controller tells whose clock is slow or fast."""
        return self.knows(told.version) and time <= self.passwords[-1].since + SKEW


def past_of(events: Iterable[Event], state: Mapping[str, Any] | None, now: datetime) -> Past:
    """Return the past of a client, from its events in the order of time and from its state now, if it was read."""
    past = Past()
    for event in events:
        if is_offboarding(event):
            past.leave(moment(event["time"]))
        elif _tells(event):
            past.begun = past.begun or (not past.passwords and event["kind"] == ONBOARD.kind and succeeded(event))
            past.take(_told(event), moment(event["time"]), text(event, "previous_version_id"))
    if state and state.get("offboarded"):
        past.leave(now)
    elif state:
        _take_state(past, state, now)
    return past


def is_offboarding(event: Event) -> bool:
    """Return True if a client was taken out of management."""
    return event.get("kind") == OFFBOARD.kind and succeeded(event)


def _take_state(past: Past, state: Mapping[str, Any], now: datetime) -> None:
    """Take what the secret itself says now."""
    current = Password(state["version_id"], moment(state["last"]), moment(state["due"]), state["trigger"] == ROLLBACK)
    if not past.knows(current.version):
        since = past.passwords[-1].since if past.passwords else current.since
        past.gaps.append(Gap(current.version, since, now))
    past.take(current, now)


def _tells(event: Event) -> bool:
    """Return True if an event has a password and its dates. Those are tags, which anybody may have written by hand."""
    dates = (text(event, name) for name in ("last", "due"))
    return event.get("kind") in TELLING and bool(text(event, "version_id")) and all(map(is_moment, dates))


def _told(event: Event) -> Password:
    """Return the password of an event; one that was brought back counts from then on."""
    time, brought_back = moment(event["time"]), event["kind"] == "rollback"
    since = time if brought_back else min(moment(event["last"]), time)
    return Password(event["version_id"], since, moment(event["due"]), brought_back)
