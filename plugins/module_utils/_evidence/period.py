# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time that evidence is about. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Days in UTC, the last one included; of a day that is not over, what there was of it ``now``."""

    first: date
    last: date
    now: datetime

    @property
    def start(self) -> datetime:
        """Return its first moment."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """Return the moment after which nothing counts."""
        return min(self.now, datetime.combine(self.last + DAY, time(), UTC))

    def has_day_of(self, moment: datetime) -> bool:
        """Return True if a moment is on one of its days."""
        return self.first <= moment.astimezone(UTC).date() <= self.last

    def holds(self, moment: datetime) -> bool:
        """Return True if a moment is in it."""
        return self.start <= moment < self.end
