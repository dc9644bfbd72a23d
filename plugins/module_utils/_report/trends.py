# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened in each week and on each day. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from .events import Deed

OTHER, UNKNOWN = "other", "unknown"
MOST_CAUSES = 5
Row = dict[str, Any]


def trends(deeds: Sequence[Deed]) -> dict[str, Any]:
    """Return new passwords by trigger, failures by cause and durations of each week, and new passwords of each day."""
    changes = [deed for deed in deeds if deed.gave_password]
    failures = [deed for deed in deeds if deed.failed]
    common = {code for code, _count in Counter(deed.code for deed in failures).most_common(MOST_CAUSES)}
    return {
        "rotations": _counted((week_of(deed.time), deed.trigger.replace("_", " ") or UNKNOWN) for deed in changes),
        "failures": _counted(
            (week_of(deed.time), (deed.code or UNKNOWN) if deed.code in common else OTHER) for deed in failures
        ),
        "durations": _durations(changes),
        "days": dict(sorted(Counter(day_of(deed.time).isoformat() for deed in changes).items())),
    }


def weeks(since: str, until: str) -> list[str]:
    """Return the Mondays of all weeks from one moment to another, as dates."""
    first, last = _monday(day_of(since)), _monday(day_of(until))
    return [(first + timedelta(weeks=number)).isoformat() for number in range((last - first).days // 7 + 1)]


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest of the values that so large a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)]


def day_of(time: str) -> date:
    """Return the day of a moment that is in UTC."""
    return datetime.fromisoformat(time).date()


def week_of(time: str) -> str:
    """Return the Monday before a moment, as a date."""
    return _monday(day_of(time)).isoformat()


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _durations(changes: Iterable[Deed]) -> list[Row]:
    seconds = defaultdict[str, list[float]](list)
    for deed in changes:
        if deed.seconds is not None:
            seconds[week_of(deed.time)].append(deed.seconds)
    return [
        {"week": week, "half": quantile(took, 0.5), "most": quantile(took, 0.95)}
        for week, took in sorted(seconds.items())
    ]


def _counted(pairs: Iterable[tuple[str, str]]) -> list[Row]:
    return [{"week": week, "of": of, "count": count} for (week, of), count in sorted(Counter(pairs).items())]
