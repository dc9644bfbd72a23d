# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags that keep a client's cycle on its secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DEFAULT_CYCLE_DAYS = 40

# The version that is being set where the old password ends at once (MariaDB rows that can hold one only).
APPLYING = "rotation/applying"
CLIENT = "rotation/client"
CYCLE_DAYS = "rotation/cycle-days"
DUE = "rotation/due"
LAST = "rotation/last"
SERVER_ID = "rotation/server-id"
TRIGGER = "rotation/trigger"
VERSION = "rotation/version"


@dataclass(frozen=True)
class Cycle:
    """When the password was last changed and when it is due; ``mended`` where the tags did not say."""

    last: datetime
    days: int
    due: datetime
    mended: bool


def read_cycle(tags: Mapping[str, str], version_created: datetime) -> Cycle:
    """Read the cycle; what is missing or unreadable is taken from the age of the current version."""
    days = _days(tags.get(CYCLE_DAYS))
    last = _moment(tags.get(LAST)) or version_created
    due = _moment(tags.get(DUE)) or last + timedelta(days=days)
    return Cycle(last, days, due, mended=_moment(tags.get(DUE)) is None)


def rotated_tags(
    *, version: str, trigger: str, server_id: str, client: str, last: datetime, days: int
) -> dict[str, str]:
    """Give the tags that say: everything is done for this version, and the cycle begins anew."""
    return {
        VERSION: version,
        LAST: stamp(last),
        DUE: stamp(last + timedelta(days=days)),
        CYCLE_DAYS: str(days),
        TRIGGER: trigger,
        SERVER_ID: server_id,
        CLIENT: client,
    }


def stamp(moment: datetime) -> str:
    """Write a moment as ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    # Near the ends of the calendar, adding days or changing the zone overflows.
    return moment if moment.tzinfo and 2000 <= moment.year < 9000 else None


def _days(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and 0 < int(text) < 1000 else DEFAULT_CYCLE_DAYS
