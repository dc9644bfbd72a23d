# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of the audit trail that a report shows, and what it calls them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._results import mapping, text

RUN = "run"
SCHEDULED_RUNS = ("rotate_due", "lambda/sweep")
# What an event of this kind is called where it succeeded; of the others only failures are shown.
DONE = {
    "rotation": "finished",
    "rollback": "rolled back",
    "onboarding": "onboarded",
    "reconciliation": "reconciled",
    "restore": "restored",
}
KINDS = (*DONE, "hooks", "verification", "cycle", RUN)
ROTATED = "rotated"
NEW_PASSWORD = (ROTATED, DONE["rollback"])
FAILURES = ("failed", "refused")

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Deed:
    """What was done to a client, or failed; ``due`` is until when that is good."""

    time: str
    what: str
    trigger: str = ""
    by: str = ""
    about: str = ""
    code: str = ""
    seconds: float | None = None
    due: str = ""

    @property
    def gave_password(self) -> bool:
        """Return True if the client has another password since."""
        return self.what in NEW_PASSWORD

    @property
    def failed(self) -> bool:
        """Return True for a failure."""
        return self.what in FAILURES

    @property
    def begins_cycle(self) -> bool:
        """Return True if its due date counts from here."""
        return bool(self.due) and not self.failed and self.what != DONE["rotation"]

    def values(self) -> list[Any]:
        """Return what the page has of it, in the order in which page.js reads it."""
        return [self.time, self.what, self.trigger, self.by, self.about, self.code, self.seconds]


def is_scheduled_run(event: Event) -> bool:
    """Return True for the end of a scheduled run."""
    return event.get("kind") == RUN and event.get("playbook") in SCHEDULED_RUNS and not event.get("check")


def deed(event: Event) -> Deed | None:
    """Return what an event tells of its client; None for one that the report does not show."""
    what = _what(event)
    if not what or event.get("check") or event.get("kind") not in KINDS:
        return None
    error, seconds = mapping(event, "error"), event.get("seconds")
    about = ": ".join(filter(None, (text(error, "step"), text(error, "cause")))) or text(event, "reason")
    return Deed(
        time=second(event),
        what=what,
        trigger=text(event, "trigger"),
        by=text(event, "requested_by"),
        about=about,
        code=text(error, "code"),
        seconds=seconds if isinstance(seconds, int | float) else None,
        due=text(event, "due"),
    )


def succeeded(event: Event) -> bool:
    """Return True for what was done."""
    return event.get("outcome") == "succeeded"


def moment(time: str) -> datetime:
    """Return a moment of an event or a state."""
    return datetime.fromisoformat(time)


def is_moment(time: str) -> bool:
    """Return True for a moment that can be compared with others."""
    try:
        return moment(time).tzinfo is not None
    except ValueError:
        return False


def second(event: Event) -> str:
    """Return when an event was, to the second."""
    return f"{text(event, 'time')[:19]}Z"


def _what(event: Event) -> str:
    outcome, kind = text(event, "outcome"), text(event, "kind")
    if outcome in FAILURES and kind != RUN:
        return outcome
    if not succeeded(event):
        return ""
    return ROTATED if kind == "rotation" and event.get("rotated") else DONE.get(kind, "")
