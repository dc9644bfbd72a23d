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
from .._report.events import DONE, Event, moment
from .._results import text
from .._triggers import ROLLBACK

# Kinds of events that tell which password a client has, and until when that is good.
TELLING = (*DONE, "cycle")
# One that was brought back has a day, and the next daily run is the first that may replace it.
AFTER_ROLLBACK = timedelta(days=1, hours=1)


@dataclass(frozen=True)
class Password:
    """A version that was AWSCURRENT, since when, and until when it was to be replaced."""

    version: str
    since: datetime
    due: datetime
    brought_back: bool = False

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
    """The passwords of a client, the oldest first, and the gaps between them."""

    passwords: list[Password] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def take(self, told: Password, time: datetime, before: str = "") -> None:
        """Take what was told of a password at a moment; ``before`` is the version that it replaced, where known."""
        last = self.passwords[-1] if self.passwords else None
        if last is None:
            self.passwords.append(told)
        elif last.version != told.version:
            if before not in ("", last.version):
                self.gaps.append(Gap(before, last.since, time))
            self.passwords.append(replace(told, since=max(told.since, last.since)))
        elif told.since > last.since + SKEW:
            self.passwords.append(told)

    def knows(self, version: str) -> bool:
        """Return True if the version is among them, or nothing is known at all."""
        return not self.passwords or any(one.version == version for one in self.passwords)


def past_of(events: Iterable[Event], state: Mapping[str, Any], now: datetime) -> Past:
    """Return the past of a client, from its events in the order of time and from its state now."""
    past = Past()
    for event in events:
        if event.get("kind") in TELLING and all(text(event, name) for name in ("version_id", "last", "due")):
            past.take(_told(event), moment(event["time"]), text(event, "previous_version_id"))
    current = Password(state["version_id"], moment(state["last"]), moment(state["due"]), state["trigger"] == ROLLBACK)
    if not past.knows(current.version):
        past.gaps.append(Gap(current.version, past.passwords[-1].since, now))
    past.take(current, now)
    return past


def _told(event: Event) -> Password:
    """Return the password of an event; one that was brought back counts from then on."""
    time, brought_back = moment(event["time"]), event["kind"] == "rollback"
    since = time if brought_back else min(moment(event["last"]), time)
    return Password(event["version_id"], since, moment(event["due"]), brought_back)
