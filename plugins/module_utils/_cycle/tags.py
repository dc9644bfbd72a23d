# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags that keep a client's cycle on its secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .._runners import ANSIBLE, LAMBDA
from .._stamp import stamp
from .._tag_text import VALUE_LENGTH, tag_text

DEFAULT_CYCLE_DAYS = 40

ROLLBACK_LIFE = timedelta(days=1)
# For so long an old password may stay valid beside AWSCURRENT's, whatever a tag says.
LONGEST_OVERLAP = timedelta(days=30)
# By how much the clocks of two controllers may differ.
SKEW = timedelta(minutes=5)
# Every tag below begins with it.
PREFIX = "rotation/"

# Which account of which server the secret holds, as a digest; with the moment of the claim until a rotation confirms
# it.
ACCOUNT = "rotation/account"
# The version that is being set where the old password ends at once (MariaDB rows that can hold one only).
APPLYING = "rotation/applying"
# Who asked for the last rotation.
BY = "rotation/by"
CLIENT = "rotation/client"
CYCLE_DAYS = "rotation/cycle-days"
DUE = "rotation/due"
# How many runs have failed in a row, and where the last one did.
FAILURES = "rotation/failures"
# The function that Secrets Manager calls for this secret, by our own doing; empty where it calls none.
FUNCTION = "rotation/function"
# A digest of the grants of the covered rows, as the last rotation left them.
GRANTS = "rotation/grants"
# The version that was promoted for the hooks to run before its old password ends.
WAITS_FOR_HOOKS = "rotation/waits-for-hooks"
LAST = "rotation/last"
# The notices that people got.
NOTIFIED = "rotation/notified"
# Until when the old password stays valid beside AWSCURRENT's; empty where there is none, over where it had to stay
# for a replica region, or where it has not been ended yet.
OVERLAP_UNTIL = "rotation/overlap-until"
# The versions whose password the server refused; no unattended run tries them again.
REFUSED = "rotation/refused"
# The version with which a rollback brought an earlier password back.
ROLLBACK = "rotation/rollback"
# Whose schedule visits the client: the functions' (lambda), or playbooks' where it says otherwise or is missing.
RUNNER = "rotation/runner"
# Since when the client is offboarded, which counts where the secret waits for its deletion, and after a space the
# version that was handed over; empty where it came back.
OFFBOARDED = "rotation/offboarded"
# The identity of the server, and after a space the word by which a person told it from another with the same one. A
# word before it says that the account stands in a tag of its own; earlier releases wrote neither.
SERVER_ID = "rotation/server-id"
# A filter compares beginnings, so a listing of a bare server finds only the secrets whose account has to be read.
WITH_ACCOUNT = "server:"
# The beginnings of the ids of the servers that may take its place, as their group told at the last record.
SERVER_IDS = "rotation/server-ids"
TRIGGER = "rotation/trigger"
VERSION = "rotation/version"


@dataclass(frozen=True)
class Cycle:
    """When the password was last changed and when it is due; ``mended`` where the tags did not say."""

    last: datetime
    days: int
    due: datetime
    mended: bool


def runner_of(tags: Mapping[str, str]) -> str:
    """Return whose schedule visits the client."""
    return LAMBDA if tags.get(RUNNER) == LAMBDA else ANSIBLE


def read_cycle(tags: Mapping[str, str], version_created: datetime) -> Cycle:
    """Read the cycle; what is missing or unreadable is taken from the age of the current version."""
    days = _days(tags.get(CYCLE_DAYS))
    last = _moment(tags.get(LAST)) or version_created
    due = _moment(tags.get(DUE)) or last + timedelta(days=days)
    return Cycle(last, days, due, mended=_moment(tags.get(DUE)) is None)


def started(last: datetime, days: int) -> Cycle:
    """Return the cycle that begins at this moment."""
    return Cycle(last, days, last + timedelta(days=days), mended=False)


def shortened(cycle: Cycle, now: datetime) -> Cycle:
    """Return the cycle after a rollback, which does not begin it anew: due within a day."""
    return replace(cycle, due=min(cycle.due, now + ROLLBACK_LIFE))


def rotated_tags(*, version: str, trigger: str, server_id: str, client: str, cycle: Cycle) -> dict[str, str]:
    """Return the tags that say: everything is done for this version, and when it is due."""
    return {
        VERSION: version,
        LAST: stamp(cycle.last),
        DUE: stamp(cycle.due),
        CYCLE_DAYS: str(cycle.days),
        TRIGGER: trigger,
        SERVER_ID: server_id,
        CLIENT: tag_text(client),
    }


def refused_versions(tags: Mapping[str, str]) -> list[str]:
    """Return the versions that the server is remembered to have refused."""
    return tags.get(REFUSED, "").split()


def with_refused(tags: Mapping[str, str], version: str) -> str:
    """Return the value of the tag with one more version; the oldest make room where it is full."""
    versions = [*(older for older in refused_versions(tags) if older != version), version]
    while len(" ".join(versions)) > VALUE_LENGTH:
        del versions[0]
    return " ".join(versions)


def overlap_until(tags: Mapping[str, str], began: datetime) -> datetime | None:
    """Return the moment until which the old password stays valid; None if the tag has no readable one.

    ``began`` is when AWSCURRENT's password was introduced: no overlap is longer than LONGEST_OVERLAP from there.
    """
    end = _moment(tags.get(OVERLAP_UNTIL))
    return end and min(end, began + LONGEST_OVERLAP)


def claim(tags: Mapping[str, str]) -> tuple[str, datetime | None]:
    """Return the account that the secret claims, and since when, where no rotation has confirmed it.

    One beside a server that an earlier release wrote is left from before, and claims nothing.
    """
    if not tags.get(SERVER_ID, "").startswith(WITH_ACCOUNT):
        return "", None
    account, _space, since = tags.get(ACCOUNT, "").partition(" ")
    return account, _moment(since)


def offboarding(since: str, version: str) -> str:
    """Return the value of the tag of an offboarding."""
    return f"{since} {version}".rstrip()


def handed_over(tags: Mapping[str, str]) -> str:
    """Return the version that was AWSCURRENT when the client was offboarded; empty where the tag does not say."""
    return tags.get(OFFBOARDED, "").partition(" ")[2]


def last_change(tags: Mapping[str, str]) -> datetime | None:
    """Return when the password was last changed; None where that cannot be read."""
    return _moment(tags.get(LAST))


def is_impossible_overlap(tags: Mapping[str, str], began: datetime) -> bool:
    """Return True if the tag says what no run of ours writes: an overlap that is too long, or no moment at all."""
    end = _moment(tags.get(OVERLAP_UNTIL))
    return bool(tags.get(OVERLAP_UNTIL)) and (end is None or end > began + LONGEST_OVERLAP + SKEW)


def unreadable(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of the cycle that are missing or cannot be read."""
    moments = {LAST: _moment(tags.get(LAST)), DUE: _moment(tags.get(DUE))}
    lost = [key for key, moment in moments.items() if moment is None]
    return (*lost, CYCLE_DAYS) if str(_days(tags.get(CYCLE_DAYS))) != tags.get(CYCLE_DAYS) else tuple(lost)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    # Near the ends of the calendar, adding days or changing the zone overflows.
    return moment if moment.tzinfo and 2000 <= moment.year < 9000 else None


def _days(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and 0 < int(text) < 1000 else DEFAULT_CYCLE_DAYS
