# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation rotation_cycle_info."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from .. import _operations
from .._aws.secret_store import CURRENT, PREVIOUS, SecretDescription, SecretStore
from .._codes import Code
from .._cycle import tags
from .._cycle.effective import EffectiveCycle
from .._cycle.notice_state import Failures
from .._cycle.policy import Policy
from .._cycle.schedule import Schedule
from .._cycle.spread import LOOKAHEAD_DAYS
from .._errors import RotationError
from .._events import OFFBOARDED, ROTATED
from .._fleet.look import Look, look
from .._runners import ANSIBLE, LAMBDA, RUNS_AS_A_FUNCTION
from .._stamp import stamp
from .cycle_options import SCHEDULE_SPEC, current_version, cycle_of, policy
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, client_name, secret_store

# A cycle may be as long as years; nobody looks that far on a calendar.
MOST_CALENDAR_DAYS = 90


def read_state(
    client: str, client_policy: Policy, store: SecretStore, now: datetime, runner: str = ANSIBLE
) -> dict[str, Any]:
    """Return everything about one client's cycle; nothing is written, and no value is read.

    ``runner`` is whose schedule asks; a client of the other one is no work for it.
    """
    secret = store.describe()
    if secret.deleted and secret.tags.get(tags.OFFBOARDED):
        return _offboarded(client, secret)
    effective = _effective(store, secret, client, client_policy, now, runner)
    seen = look(secret, effective, client_policy, runner, now)
    plan = seen.plan
    return {
        "changed": False,
        "msg": f"{client}: {_summary(seen)}",
        "client": client,
        "secret_id": secret.name,
        "arn": secret.arn,
        "version_id": current_version(secret),
        "previous_version_id": secret.holder(PREVIOUS),
        "trigger": secret.tags.get(tags.TRIGGER, ""),
        "offboarded": False,
        "work": list(seen.work),
        **seen.summary(),
        **_dates(plan),
        "window": _window(plan),
        "unfinished": seen.unfinished,
        "overlap_until": secret.tags.get(tags.OVERLAP_UNTIL, ""),
        "pending_notices": [_about(notice, secret) for notice in plan.pending_notices if seen.is_ours],
        "calendar": _calendar(plan, client_policy, now),
        "possible_days": list(plan.turn.days) if seen.is_ours else [],
        "lookahead_days": LOOKAHEAD_DAYS,
        "warnings": list(effective.warnings),
    }


def _offboarded(client: str, secret: SecretDescription) -> dict[str, Any]:
    """Return the state of a client that is no work for anybody any more; nothing is due, and nothing is owed."""
    restorable = f"its secret can be restored until {secret.deletion_date}"
    texts = ("trigger", "last", "due", "expected", "overlap_until")
    no = ("candidate", "overdue", "due_now", "last_chance", "waiting", "too_late", "unfinished")
    return {
        "changed": False,
        "msg": f"{client}: offboarded; {restorable}",
        "client": client,
        "secret_id": secret.name,
        "arn": secret.arn,
        "version_id": secret.holder(CURRENT),
        "previous_version_id": secret.holder(PREVIOUS),
        "runner": ANSIBLE,
        "offboarded": True,
        **dict.fromkeys(texts, ""),
        **dict.fromkeys(no, False),
        **dict.fromkeys(("cycle_days", "days_left"), 0),
        "window": {"open": False, "closed_because": OFFBOARDED, "opens": ""},
        "paused": None,
        "failures": asdict(Failures()),
        **{name: [] for name in ("work", "pending_notices", "possible_days")},
        "calendar": {"first": "", "days": ""},
        "lookahead_days": LOOKAHEAD_DAYS,
        "warnings": [f"{client} is offboarded: take it out of the inventory; {restorable}."],
    }


def _effective(
    store: SecretStore, secret: SecretDescription, client: str, client_policy: Policy, now: datetime, runner: str
) -> EffectiveCycle:
    """Return the cycle. A due date that nobody can have meant is for the schedule to refuse that visits the client."""
    try:
        return cycle_of(store, secret, client, client_policy, now)
    except RotationError as error:
        if error.code is not Code.IMPOSSIBLE_DUE or tags.runner_of(secret.tags) == runner:
            raise
        dateless = {key: value for key, value in secret.tags.items() if key != tags.DUE}
        cycle = cycle_of(store, replace(secret, tags=dateless), client, client_policy, now)
        return replace(cycle, warnings=(error.cause,))


def _dates(plan: Schedule) -> dict[str, Any]:
    return {
        "last": stamp(plan.cycle.last),
        "due": stamp(plan.cycle.due),
        "expected": stamp(plan.expected),
        "cycle_days": plan.cycle.days,
        "days_left": plan.days_left,
        "overdue": plan.overdue,
        "due_now": plan.due_now,
        "last_chance": plan.last_chance,
        "too_late": plan.too_late,
    }


def _window(plan: Schedule) -> dict[str, Any]:
    return {
        "open": not plan.closed_because,
        "closed_because": plan.closed_because,
        "opens": stamp(plan.opens) if plan.opens else "",
    }


def _calendar(plan: Schedule, client_policy: Policy, now: datetime) -> dict[str, str]:
    """Return on which days of the last cycle and the next it may be rotated."""
    reach = min(plan.cycle.days, MOST_CALENDAR_DAYS)
    first = (now - timedelta(days=reach)).astimezone(UTC).date()
    return {"first": first.isoformat(), "days": client_policy.calendar.days(first, 2 * reach + 1)}


def _about(notice: Mapping[str, Any], secret: SecretDescription) -> dict[str, Any]:
    """Return a notice that is owed with what the secret says besides."""
    if notice["event"] != ROTATED:
        return dict(notice)
    return {
        **notice,
        "version_id": secret.tags.get(tags.VERSION) or current_version(secret),
        "previous_version_id": secret.holder(PREVIOUS) or "",
        "trigger": secret.tags.get(tags.TRIGGER, ""),
        "requested_by": secret.tags.get(tags.BY, ""),
    }


def _summary(seen: Look) -> str:
    plan = seen.plan
    parts = [f"overdue since {stamp(plan.cycle.due)}" if plan.overdue else f"due {stamp(plan.cycle.due)}"]
    if seen.runner == LAMBDA:
        parts.append(RUNS_AS_A_FUNCTION)
    if seen.pause:
        parts.append(f"paused until {seen.pause['until']} ({seen.pause['reason']})")
    elif seen.work:
        parts.append(f"a scheduled run would {', '.join(seen.work)}")
    if plan.waiting or plan.too_late:
        until = stamp(plan.opens) if plan.opens else "no window in sight"
        parts.append(f"waiting ({plan.closed_because or 'paused'}; opens: {until})")
    if plan.too_late and not plan.overdue:
        parts.append("will be overdue before that, unless rotated with {option|force}")
    if plan.failures.count:
        parts.append(f"{plan.failures.count} failed in a row")
    return "; ".join(parts)


def _info(runner: str, params: Mapping[str, Any], _check: bool) -> dict[str, Any]:
    return read_state(client_name(params), policy(params), secret_store(params), datetime.now(UTC), runner)


CYCLE_INFO = Operation(
    declared=_operations.CYCLE_INFO,
    spec={**CLIENT_SPEC, **SCHEDULE_SPEC, **DATABASE_SPEC, **AWS_SPEC},
    work=partial(_info, ANSIBLE),
)
# The same, as the sweep's messages ask for it.
CYCLE_INFO_OF_FUNCTIONS = replace(CYCLE_INFO, work=partial(_info, LAMBDA))
