# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A step of Secrets Manager's own rotation (RotateSecret), which calls the rotation function four times.

createSecret stores the new password in the version that is reserved, setSecret does nothing, testSecret looks whether
finishSecret could do its work, and finishSecret goes through the whole protocol. Each decides from facts, so that any
of them may be repeated, be lost, or come after another run.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from .._aws.secret_store import SecretDescription
from .._codes import Code
from .._context.request import ALL, STORE
from .._cycle import tags
from .._cycle.notice_state import read_failures
from .._errors import RotationError
from .._module.cycle import CYCLE
from .._module.operation import Operation
from .._module.options import CONNECTION, secret_store
from .._module.rotate import ROTATE, rotate_with
from .._stamp import stamp
from .._triggers import ON_DEMAND
from .client import Client
from .events import CREATE, FINISH, SET, TEST, Step, read_step
from .invocation import Invocation
from .record import NATIVE, Record
from .refusal import error_of
from .settings import settings_of

WHO = "secretsmanager"
# So long people are not told again of a failure that comes again.
QUIET = timedelta(hours=1)
UNTOUCHED = "Nothing was changed."
AGAIN = "Secrets Manager calls again by itself; the audit event and the notice say why it failed."


def follow_step(event: Mapping[str, Any], invocation: Invocation) -> None:
    """Do one step; raises RotationError where it failed, for Secrets Manager counts on that, and calls again."""
    step = read_step(event)
    if step.name == SET:
        return
    invocation.refuse_too_late()
    secret = _describe(step, invocation)
    record = Record(invocation, NATIVE)
    name = secret.tags[tags.CLIENT]
    client = Client(name, secret.name, settings_of(invocation.environment, name), record, invocation)
    result = client.change(_operation(step, secret), _options(), check=step.name == TEST)
    if result.get("failed"):
        _tell_failure(client, result, secret)
    elif step.name == FINISH or result.get("rotated"):
        client.tell(result)
    else:
        return  # a rotation is one event: that of its last step
    record.finish()
    if result.get("failed"):
        # The code and no cause, for AWS keeps it where others may read it.
        raise error_of(result["error"], f"{step.name} failed: {result['error']['code']}.", AGAIN)


def _describe(step: Step, invocation: Invocation) -> SecretDescription:
    """Describe the secret; raises RotationError where it is no client's, or where its rotation is not enabled."""
    params = settings_of(invocation.environment).params(CYCLE.spec, CONNECTION, secret_id=step.secret_id)
    try:
        secret = secret_store(params).describe()
        _refuse_unready(secret)
    except RotationError as error:
        error.locate(client=step.secret_id, step="read", state=UNTOUCHED, next_step=AGAIN)
        raise
    return secret


def _refuse_unready(secret: SecretDescription) -> None:
    if not secret.tags.get(tags.CLIENT):
        raise RotationError(
            f"The secret {secret.name!r} has no tag {tags.CLIENT}, so it is no client's.",
            code=Code.UNKNOWN_CLIENT,
            next_step="Bring the client under management, or end the rotation:"
            f" aws secretsmanager cancel-rotate-secret --secret-id {secret.name}",
        )
    if not secret.rotation_enabled:
        raise RotationError(
            f"Secrets Manager's own rotation is not enabled for {secret.name!r}, so this step was refused.",
            code=Code.ROTATION_DISABLED,
            next_step="Let Secrets Manager call the function, and nobody else.",
        )


def _operation(step: Step, secret: SecretDescription) -> Operation:
    work = partial(
        rotate_with,
        token=step.token,
        rotation_token=step.rotation_token,
        steps=STORE if step.name == CREATE else ALL,
        refused=tuple(tags.refused_versions(secret.tags)),
    )
    return Operation(ROTATE.declared, ROTATE.spec, work)


def _options() -> dict[str, Any]:
    return {"trigger": ON_DEMAND, "requested_by": WHO, "min_age": 0}


def _tell_failure(client: Client, result: Mapping[str, Any], secret: SecretDescription) -> None:
    if result["error"]["code"] == Code.TOKEN_STALE:  # another run took over, and the secret is in order
        client.record.add(ROTATE.declared, client.name, result)
    else:
        client.fail(result, ON_DEMAND, WHO, quiet=_is_repeated(secret, result["error"]))


def _is_repeated(secret: SecretDescription, error: Mapping[str, str]) -> bool:
    """Return True if the last run failed in the same way, a moment ago."""
    last, now = read_failures(secret.tags), datetime.now(UTC)
    same = last.another(last.at, error["step"], error["code"])
    return (last.step, last.code) == (same.step, same.code) and last.at > stamp(now - QUIET)
