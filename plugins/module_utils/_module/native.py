# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation rotation_native."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import _operations
from .._aws.native_store import NativeStore
from .._aws.secret_store import SecretDescription
from .._codes import Code
from .._cycle.policy import Policy
from .._cycle.tags import DEFAULT_CYCLE_DAYS, FUNCTION
from .._errors import RotationError
from .._steps.ownership import refuse_foreign_management
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, client_name, native_store

PRESENT, ABSENT = "present", "absent"
# A week behind the sweep, so that it fires by itself only where no sweep has rotated for so long.
DAYS_BEHIND = 7
MOST_DAYS = 1000
DEFAULT_FUNCTION = "dbops-rotation-rotate"
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
# $LATEST, which no tag can hold, is what an ARN without a qualifier means.
ARN = re.compile(r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]+)?")


@dataclass(frozen=True)
class Step:
    """One call, which may be the last that happened: the next run finds from facts what is missing."""

    what: str
    do: Callable[[], None]


@dataclass(frozen=True)
class Native:
    """What is, and what is wanted: the ARN of a function, and the days after which it is called."""

    store: NativeStore
    secret: SecretDescription
    days_now: int
    function: str
    days: int

    @property
    def tag(self) -> str:
        """Return the function that the secret's tag names, which is ours by our own word."""
        return self.secret.tags.get(FUNCTION, "")

    @property
    def is_foreign(self) -> bool:
        """Return True if Secrets Manager calls another function than ours."""
        ours = {self.function, self.tag} - {""}
        return self.secret.rotation_enabled and self.secret.rotation_lambda not in ours

    @property
    def _calls_it(self) -> bool:
        return self.secret.rotation_enabled and self.secret.rotation_lambda == self.function

    def present(self) -> list[Step]:
        """Return the calls that are missing. The tag comes first: without it every rotation refuses the function."""
        steps = [self._cancel()] if self.secret.rotation_enabled and not self._calls_it else []
        if self.tag != self.function:
            steps.append(Step("tag", lambda: self.store.tag({FUNCTION: self.function})))
        if not (self._calls_it and self.days_now == self.days):
            steps.append(Step("rotate", lambda: self.store.rotate_by(self.function, self.days)))
        return steps

    def absent(self) -> list[Step]:
        """Return the calls that are missing. The tag goes last, for the same reason."""
        steps = [self._cancel()] if self.secret.rotation_enabled and not self.is_foreign else []
        return [*steps, Step("untag", lambda: self.store.tag({FUNCTION: ""}))] if self.tag else steps

    def _cancel(self) -> Step:
        return Step("cancel", self.store.cancel_rotation)


def _work(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    native = _native(params)
    state = params["state"]
    # What somebody else does is not ours to take away, nor in our way.
    if state == PRESENT or native.tag:
        _refuse_foreign(native)
    steps = native.present() if state == PRESENT else native.absent()
    for step in [] if check else steps:
        step.do()
    return _result(params, native, steps, check)


def _native(params: Mapping[str, Any]) -> Native:
    _refuse_unfit_function(params["function"])
    cycle_days = Policy(cycle_days=params["cycle_days"]).cycle_days or DEFAULT_CYCLE_DAYS
    store = native_store(params)
    store.expect_new()  # onboarding has just created it
    secret, days_now = store.look()
    days = min(cycle_days + DAYS_BEHIND, MOST_DAYS)
    return Native(store, secret, days_now, _arn(params["function"], secret.arn), days)


def _refuse_unfit_function(function: str) -> None:
    if not NAME.fullmatch(function) and not ARN.fullmatch(function):
        raise RotationError(
            f"{{option|native.function}} is {function!r}, which is neither the name nor the ARN of a Lambda function.",
            code=Code.INVALID_OPTION,
            next_step=f"Give it a name, such as {DEFAULT_FUNCTION}, or an ARN. Then run the same command again.",
        )


def _arn(function: str, secret_arn: str) -> str:
    """Return the ARN of a function, which lies where the secret does if it has a name only."""
    if ARN.fullmatch(function):
        return function
    _arn, partition, _service, region, account = secret_arn.split(":")[:5]
    return f"arn:{partition}:lambda:{region}:{account}:function:{function}"


def _refuse_foreign(native: Native) -> None:
    """Raise a RotationError where another function, or somebody else, rotates this secret."""
    refuse_foreign_management(replace(native.secret, rotation_enabled=False))
    if native.is_foreign:
        raise RotationError(
            f"Secrets Manager's own rotation is enabled for {native.secret.name!r}, by another function"
            f" ({native.secret.rotation_lambda or 'none of yours'}).",
            code=Code.SECRET_ROTATION_ENABLED,
            next_step=f"Cancel it: aws secretsmanager cancel-rotate-secret --secret-id {native.secret.name}. Then run"
            " the same command again.",
        )


def _result(params: Mapping[str, Any], native: Native, steps: list[Step], check: bool) -> dict[str, Any]:
    is_wanted = params["state"] == PRESENT
    before = {FUNCTION: native.tag or None, "days": native.days_now if native.secret.rotation_enabled else None}
    after = {FUNCTION: native.function if is_wanted else None, "days": native.days if is_wanted else None}
    does = "would call" if check and steps else "calls"
    what = f"{native.function} {native.days} days after a rotation" if is_wanted else "no function of ours"
    return {
        "changed": bool(steps),
        "msg": f"{client_name(params)}: Secrets Manager {does} {what}",
        "client": client_name(params),
        "secret_id": native.secret.name,
        "function": native.function if is_wanted else "",
        "calls": [step.what for step in steps],
        "diff": {"before": before, "after": after if steps else before},
    }


NATIVE = Operation(
    declared=_operations.NATIVE,
    spec={
        **CLIENT_SPEC,
        "state": {"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT},
        "function": {"type": "str", "default": DEFAULT_FUNCTION},
        "cycle_days": {"type": "int", "default": DEFAULT_CYCLE_DAYS},
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_work,
)
