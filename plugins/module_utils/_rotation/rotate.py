# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rotation, from request to receipt."""

from __future__ import annotations

from typing import Any

from .._aws.secret_store import SecretStore
from .._aws.write_limit import WRITE_LIMIT
from .._context.context import RotationContext
from .._context.request import RotationRequest
from .._db.fence import BUSY
from .._db.slots import SLOT_BUSY
from .._errors import RotationError
from .._next_step import Kind, command
from .._steps.ownership import LISTING_BEHIND
from .._triggers import SCHEDULED
from .receipt import left_alone, receipt
from .until_done import until_done

NOT_NOW = (BUSY, SLOT_BUSY, WRITE_LIMIT, LISTING_BEHIND)


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
    return receipt(context, view, decision, previous)
