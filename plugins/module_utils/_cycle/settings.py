# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows, freezes and pauses as people write them in an inventory, checked before anything else is done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .._codes import Code
from .._errors import RotationError
from .._reason import refuse_unfit_reason
from .policy import Pause
from .wall_clock import DAY
from .windows import Calendar, Freeze, Window

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SHORT = tuple(day[:3] for day in WEEKDAYS)
WINDOWS, FREEZES, PAUSED = "{option|windows}", "{option|freezes}", "{option|paused}"
EXAMPLES = {
    WINDOWS: '[{days: [mon, tue], from: "22:00", to: "04:00", timezone: Europe/Berlin}]',
    FREEZES: '[{from: "2026-12-20", to: "2027-01-02", reason: year end, timezone: Europe/Berlin}]',
    PAUSED: '{until: "2026-12-20", reason: migration, timezone: Europe/Berlin}',
}
MINUTES_OF_A_DAY = 1440


def parse_calendar(windows: Any, freezes: Any) -> Calendar:
    """Return the calendar that two lists of dictionaries describe; RotationError (invalid_option) where they do not."""
    return Calendar(
        tuple(_window(entry) for entry in _entries(windows, WINDOWS, {"days", "from", "to", "timezone"})),
        tuple(_freeze(entry) for entry in _entries(freezes, FREEZES, {"from", "to", "reason", "timezone"})),
    )


def parse_pause(paused: Any) -> Pause | None:
    """Return the pause that a dictionary describes, None where there is none."""
    for entry in _entries([paused] if paused else [], PAUSED, {"until", "reason", "timezone"}):
        return Pause(_moments(entry, "until", PAUSED)[1], _reason(entry, PAUSED))
    return None


def _entries(value: Any, name: str, options: set[str]) -> Iterator[dict[str, Any]]:
    if not isinstance(value or [], list | tuple):
        raise _fault(name, "is not a list")
    for entry in value or []:
        if not isinstance(entry, Mapping):
            raise _fault(name, f"holds {entry!r:.60}, which is not a dictionary")
        unknown = set(map(str, entry)) - options
        if unknown:
            raise _fault(name, f"has no option {', '.join(sorted(unknown))} (only {', '.join(sorted(options))})")
        yield {key: setting for key, setting in entry.items() if setting is not None}


def _window(entry: Mapping[str, Any]) -> Window:
    start, end = _clock(entry, "from"), _clock(entry, "to")
    if start == end or start >= DAY:
        raise _fault(WINDOWS, f"has a window from {entry['from']} to {entry['to']}; a whole day is 00:00 to 24:00")
    return Window(_weekdays(entry), start, end if end > start else end + DAY, _zone(entry, WINDOWS))


def _weekdays(entry: Mapping[str, Any]) -> frozenset[int]:
    value = entry.get("days", SHORT)
    days = value if isinstance(value, list | tuple) else str(value).split(",")
    names = [str(day).strip().lower() for day in days]
    wrong = [name for name in names if name not in WEEKDAYS + SHORT]
    if wrong or not names:
        raise _fault(WINDOWS, f"allows the days {', '.join(SHORT)}, not {', '.join(wrong)[:60] or 'none'}")
    return frozenset(SHORT.index(name[:3]) for name in names)


def _clock(entry: Mapping[str, Any], key: str) -> timedelta:
    text = str(entry.get(key, ""))
    hours = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    if hours:
        minutes = int(hours[1]) * 60 + int(hours[2]) if int(hours[2]) < 60 else -1
    else:
        # YAML reads 22:00 without quotes as 22 * 60.
        minutes = int(text) if re.fullmatch(r"\d{2,4}", text) and int(text) >= 60 else -1
    if not 0 <= minutes <= MINUTES_OF_A_DAY:
        raise _fault(WINDOWS, f"needs {key} as a time of day in quotes, not {text[:40]!r}")
    return timedelta(minutes=minutes)


def _freeze(entry: Mapping[str, Any]) -> Freeze:
    start, end = _moments(entry, "from", FREEZES)[0], _moments(entry, "to", FREEZES)[1]
    if start >= end:
        raise _fault(FREEZES, f"has a freeze that ends ({entry['to']}) before it begins ({entry['from']})")
    return Freeze(start, end, _reason(entry, FREEZES))


def _moments(entry: Mapping[str, Any], key: str, name: str) -> tuple[datetime, datetime]:
    """Return when a date begins and ends; of a time of day, both are that moment (two, where clocks show it twice)."""
    value, zone = entry.get(key, ""), _zone(entry, name)
    moment = _date_or_time(str(value).strip())
    if moment is None or not 2000 <= moment.year < 9000:
        raise _fault(name, f"needs {key} as a date or a moment (ISO 8601), not {str(value)[:40]!r}")
    if isinstance(moment, datetime):
        begin = end = moment
    else:
        begin, end = datetime.combine(moment, time()), datetime.combine(moment + DAY, time())
    return min(_in_utc(begin, zone)), max(_in_utc(end, zone))


def _date_or_time(text: str) -> date | datetime | None:
    for parse in (date.fromisoformat, datetime.fromisoformat):
        try:
            return parse(text)
        except ValueError:
            continue
    return None


def _in_utc(moment: datetime, zone: ZoneInfo) -> list[datetime]:
    if moment.tzinfo:
        return [moment.astimezone(UTC)]
    return [moment.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]


def _reason(entry: Mapping[str, Any], name: str) -> str:
    reason = str(entry.get("reason", ""))
    refuse_unfit_reason(reason, f"The reason in {name}")
    return reason


def _zone(entry: Mapping[str, Any], name: str) -> ZoneInfo:
    zone = str(entry.get("timezone", "UTC"))
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # unknown; not a name but a path; a folder
        raise _fault(
            name,
            f"names the time zone {zone[:60]!r}, which is not known here (names are those of the IANA database; a"
            " machine without them needs the Python package tzdata)",
        ) from None


def _fault(name: str, what: str) -> RotationError:
    return RotationError(
        f"{name} {what}.", code=Code.INVALID_OPTION, next_step=f"Correct {name}, for example: {EXAMPLES[name]}"
    )
