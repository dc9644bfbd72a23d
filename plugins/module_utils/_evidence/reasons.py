# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a client was late: what the audit trail has of the days before its due date and after it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from .._operations import CYCLE
from .._report.events import FAILURES, RUN, Event, moment
from .._results import mapping, text
from .._stamp import stamp

# A window may open once a week only, so trouble of the week before may have cost the last chance.
LOOK_BACK = timedelta(days=8)
# The longest time from one daily run to the next, as the alarm "heartbeat" counts it.
BETWEEN_RUNS = timedelta(hours=26)
UNKNOWN = "the audit trail does not say"


def reason(events: Sequence[Event], runs: Sequence[datetime], due: datetime, until: datetime) -> str:
    """Return why nothing was rotated until a moment; ``runs`` is when scheduled runs ended."""
    begin = due - LOOK_BACK
    told = Counter(filter(None, (_told(event) for event in events if begin <= moment(event["time"]) < until)))
    reasons = [f"{what} ({count} times)" if count > 1 else what for what, count in told.items()]
    return "; ".join([*reasons, *_missing_runs(runs, begin, until)]) or UNKNOWN


def code_of(event: Event) -> str:
    """Return the code of a failure."""
    return text(mapping(event, "error"), "code") or "unknown"


def _told(event: Event) -> str:
    if event.get("outcome") in FAILURES and event.get("kind") != RUN:
        return f"{event['outcome']}: {code_of(event)}"
    if event.get("kind") == CYCLE.kind:
        return "the cycle was set without a new password"
    return text(event, "held_by")


def _missing_runs(runs: Sequence[datetime], begin: datetime, until: datetime) -> Iterator[str]:
    if not runs or runs[0] >= until:
        yield "no scheduled run"
        return
    seen = [max(begin, runs[0]), *(run for run in runs if begin < run < until), until]
    for before, after in pairwise(sorted(seen)):
        if after - before > BETWEEN_RUNS:
            yield f"no scheduled run from {stamp(before)} to {stamp(after)}"
