# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a client's cycle is to be kept: what the inventory says, as opposed to what the tags say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .._codes import Code
from .._errors import RotationError
from .windows import Calendar

DEFAULT_LEAD = 86400
DEFAULT_NOTICE_DAYS = (7, 1)
CYCLE_DAYS_RANGE = (1, 999)
LEAD_RANGE = (60, 7 * 86400)
MOST_NOTICES = 10


@dataclass(frozen=True)
class Pause:
    """A client that scheduled runs leave alone until a moment."""

    until: datetime
    reason: str

    def holds(self, now: datetime) -> bool:
        """Return True if the pause has not ended."""
        return now < self.until


@dataclass(frozen=True)
class Policy:
    """The cycle of one client.

    ``cycle_days`` is None where the tags alone decide. ``lead`` is the longest time, in seconds, from one
    scheduled run to the next. ``notice_days`` are the days before a rotation at which it is announced.
    """

    cycle_days: int | None = None
    lead: int = DEFAULT_LEAD
    notice_days: tuple[int, ...] = DEFAULT_NOTICE_DAYS
    calendar: Calendar = field(default_factory=Calendar)
    pause: Pause | None = None

    def __post_init__(self) -> None:
        """Raise a RotationError where a number makes no sense."""
        if self.cycle_days is not None:
            _refuse_outside("{option|cycle_days}", self.cycle_days, CYCLE_DAYS_RANGE, "days")
        _refuse_outside("{option|lead}", self.lead, LEAD_RANGE, "seconds")
        for days in self.notice_days:
            _refuse_outside("{option|notice_days}", days, CYCLE_DAYS_RANGE, "days")
        _refuse_outside("The number of {option|notice_days}", len(self.notice_days), (0, MOST_NOTICES), "entries")

    @property
    def until_next_run(self) -> timedelta:
        """Return the longest time from one scheduled run to the next."""
        return timedelta(seconds=self.lead)


def _refuse_outside(name: str, number: int, limits: tuple[int, int], unit: str) -> None:
    least, most = limits
    if not least <= number <= most:
        raise RotationError(
            f"{name} is {number}, which is not a number from {least} to {most}.",
            code=Code.INVALID_OPTION,
            next_step=f"Give it a number of {unit} from {least} to {most}.",
        )
