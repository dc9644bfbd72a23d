# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the clocks of a time zone show certain hours, exactly, also on the days when they are set forward or back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
# From a moment until before another, both in UTC.
Stretch = tuple[datetime, datetime]


@lru_cache(maxsize=8192)
def showing(zone: ZoneInfo, start: datetime, end: datetime) -> tuple[Stretch, ...]:
    """Return the stretches in which clocks show a time from ``start`` until before ``end`` (local, without a zone).

    Hours that are skipped when clocks go forward give nothing; hours that come twice count twice.
    """
    # No zone is a day away from UTC, so a change of the clocks that matters lies between these two.
    low, high = (start - DAY).replace(tzinfo=UTC), (end + DAY).replace(tzinfo=UTC)
    before, after = offset_at(zone, low), offset_at(zone, high)
    first, second = _shift(start, end, before), _shift(start, end, after)
    if before == after:
        return (first,)
    change = _change(zone, low, high)
    parts = ((first[0], min(first[1], change)), (max(second[0], change), second[1]))
    return tuple((begin, finish) for begin, finish in parts if begin < finish)


def _shift(start: datetime, end: datetime, offset: timedelta) -> Stretch:
    return (start - offset).replace(tzinfo=UTC), (end - offset).replace(tzinfo=UTC)


def offset_at(zone: ZoneInfo, moment: datetime) -> timedelta:
    """Return how far the clocks of a zone are ahead of UTC at a moment."""
    return moment.astimezone(zone).utcoffset() or timedelta()


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Find the moment, to the second, at which the offset stops being that of ``low``."""
    before, seconds = offset_at(zone, low), [0, int((high - low).total_seconds())]
    while seconds[1] - seconds[0] > 1:
        middle = sum(seconds) // 2
        same = offset_at(zone, low + timedelta(seconds=middle)) == before
        seconds[0 if same else 1] = middle
    return low + timedelta(seconds=seconds[1])
