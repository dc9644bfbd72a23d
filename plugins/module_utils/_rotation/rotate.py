# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rotation, from request to receipt."""

from __future__ import annotations

from typing import Any

from .._aws.secret_store import SecretStore
from .._codes import Code
from .._context.context import RotationContext
from .._context.request import ALL, RotationRequest
from .._decision.refuse import token_stale
from .._errors import RotationError
from .._next_step import Kind, command
from .._triggers import SCHEDULED
from .receipt import left_alone, receipt
from .until_done import until_done

NOT_NOW = (Code.FENCE_BUSY, Code.SLOT_BUSY, Code.WRITE_LIMIT, Code.LISTING_BEHIND)


def rotate(request: RotationRequest, store: SecretStore) -> dict[str, Any]:
    """Rotate one client's password, or finish what an earlier run left, and return the receipt.

    Raises RotationError, and nothing else that could carry a value, with client, step, cause, state and next command.
    """
    context = RotationContext(request, store, command(Kind.ROTATE))
    with context.under_way():
        return _rotate(context)


def _rotate(context: RotationContext) -> dict[str, Any]:
    with context.journal.step("read"):
        context.versions.read_current()
    previous = context.current.version_id
    with context.journal.step("open"):
        context.open()
    try:
        with context.journal.step("fence"):
            context.take_fence()
        view, decision = until_done(context)
    except RotationError as error:
        if error.code not in NOT_NOW or context.request.trigger != SCHEDULED or context.effects.changed:
            raise
        return left_alone(context, error)
    if context.request.token and context.request.steps == ALL and not context.request.check:
        _refuse_other_current(context, context.request.token)
    return receipt(context, view, decision, previous)


def _refuse_other_current(context: RotationContext, token: str) -> None:
    """Raise a RotationError where a rotation of Secrets Manager ends without the version it is about.

    One that this run made in its place is as good: the server's policy had refused the other's password.
    """
    current = context.current.version_id
    if current == token:
        return
    if not context.effects.announces:
        with context.journal.step("confirm"):
            raise token_stale(token).error()
    context.journal.warn(
        f"Version {current} is AWSCURRENT in place of {token}, which Secrets Manager had reserved: the password"
        " stored there could not be used."
    )
