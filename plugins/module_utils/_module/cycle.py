# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation rotation_cycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .. import _operations
from .._aws.secret_store import SecretDescription, SecretStore
from .._cycle import tags
from .._cycle.notice_state import read_failures
from .._cycle.policy import Policy
from .._cycle.tags import read_cycle
from .._errors import RotationError
from .._reason import refuse_unfit_reason
from .._stamp import stamp
from .._steps.ownership import refuse_foreign_management
from .._tag_text import fit_tags
from .cycle_options import CALENDAR_SPEC, cycle_of, policy
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, client_name, secret_store

PRESENT, RESET, FAILED = "present", "reset", "failed"


@dataclass(frozen=True)
class CycleRequest:
    """A change of one client's cycle; ``reason`` belongs to a reset, ``step`` and ``code`` to a failure."""

    client: str
    state: str
    policy: Policy
    reason: str = ""
    step: str = ""
    code: str = ""
    check: bool = False


@dataclass(frozen=True)
class Change:
    """The tags to write, and the sentence for the message."""

    tags: Mapping[str, str]
    message: str
    warnings: tuple[str, ...] = ()


def change_cycle(request: CycleRequest, store: SecretStore, now: datetime) -> dict[str, Any]:
    """Write the tags that the request comes to, in one call, and say what the cycle is then."""
    if request.state == RESET:
        refuse_unfit_reason(request.reason, "The reason of a reset")
    secret = store.describe()
    refuse_foreign_management(secret)
    change = CHANGES[request.state](request, store, secret, now)
    new_tags = {key: value for key, value in fit_tags(change.tags).items() if secret.tags.get(key) != value}
    if new_tags and not request.check:
        store.tag(new_tags)
    return _result(request, secret, change, new_tags, now)


def _present(request: CycleRequest, store: SecretStore, secret: SecretDescription, now: datetime) -> Change:
    effective = cycle_of(store, secret, request.client, request.policy, now, start=True)
    client_tag = {} if tags.CLIENT in secret.tags else {tags.CLIENT: request.client}
    return Change({**client_tag, **effective.tags}, f"the cycle ends {stamp(effective.cycle.due)}", effective.warnings)


def _reset(request: CycleRequest, store: SecretStore, secret: SecretDescription, now: datetime) -> Change:
    days = request.policy.cycle_days or read_cycle(secret.tags, now).days
    due = stamp(now + timedelta(days=days))
    new_tags = {tags.LAST: stamp(now), tags.DUE: due, tags.CYCLE_DAYS: str(days)}
    return Change(new_tags, f"the cycle counts from now and ends {due} ({request.reason})")


def _failed(request: CycleRequest, store: SecretStore, secret: SecretDescription, now: datetime) -> Change:
    failures = read_failures(secret.tags).another(stamp(now), request.step, request.code)
    return Change({tags.FAILURES: failures.tag()}, f"{failures.count} failed in a row")


CHANGES: Mapping[str, Callable[[CycleRequest, SecretStore, SecretDescription, datetime], Change]] = {
    PRESENT: _present,
    RESET: _reset,
    FAILED: _failed,
}


def _result(
    request: CycleRequest, secret: SecretDescription, change: Change, new_tags: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    after = {**secret.tags, **new_tags}
    failures = read_failures(after)
    keys = sorted(new_tags) or [tags.LAST, tags.DUE, tags.CYCLE_DAYS]
    prefix = "would be changed: " if request.check and new_tags else ""
    return {
        "changed": bool(new_tags),
        "msg": f"{request.client}: {prefix}{change.message}",
        "client": request.client,
        "secret_id": secret.name,
        **_request_fields(request),
        "last": after.get(tags.LAST, ""),
        "due": after.get(tags.DUE, ""),
        "cycle_days": read_cycle(after, now).days,
        "failures": failures.count,
        "failed_at": failures.at,
        "warnings": list(change.warnings),
        "diff": {
            "before": {key: secret.tags.get(key) for key in keys},
            "after": {key: after.get(key) for key in keys},
        },
    }


def _request_fields(request: CycleRequest) -> dict[str, str]:
    """Return the state of the request, for those who only see the result."""
    failure = {"step": request.step, "code": request.code} if request.state == FAILED else {}
    return {"state": request.state, **failure}


def _cycle(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    request = CycleRequest(
        client=client_name(params),
        state=params["state"],
        policy=policy(params),
        reason=params["reason"] or "",
        step=params["step"],
        code=params["code"],
        check=check,
    )
    try:
        return change_cycle(request, secret_store(params), datetime.now(UTC))
    except RotationError as error:
        if request.state != FAILED:
            raise
        return _without_count(request, error)


def _without_count(request: CycleRequest, error: RotationError) -> dict[str, Any]:
    """Go on where a failure could not be counted: the failure itself is what people have to hear of."""
    message = f"The failure could not be counted on the secret: {error.cause}"
    return {
        "changed": False,
        "msg": f"{request.client}: {message}",
        "client": request.client,
        **_request_fields(request),
        "failures": 0,
        "failed_at": stamp(datetime.now(UTC)),
        "warnings": [message],
    }


CYCLE = Operation(
    declared=_operations.CYCLE,
    spec={
        **CLIENT_SPEC,
        "state": {"type": "str", "choices": [PRESENT, RESET, FAILED], "default": PRESENT},
        "reason": {"type": "str"},
        "step": {"type": "str", "default": ""},
        "code": {"type": "str", "default": ""},
        **CALENDAR_SPEC,
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_cycle,
    required_if=(("state", RESET, ("reason",)),),
)
