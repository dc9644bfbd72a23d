# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rotation function: works on one client for each message of the queue, or for each step of Secrets Manager.

A failure of the engine is counted and told, and the message is done. Only what is raised here brings it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .. import _operations
from .._codes import Code
from .._errors import RotationError
from .._triggers import ON_DEMAND
from .client import Client
from .events import Request, Visit, invalid, is_step, read_message
from .invocation import Invocation, handler
from .native import follow_step
from .record import ROTATE, Record
from .refusal import refuse, result_of
from .settings import Place, Settings, settings_of


@handler
def rotation(event: Any, invocation: Invocation) -> None:
    """Work on what the queue or Secrets Manager hands over.

    Raises RotationError for anything else, and where it has to come again.
    """
    if is_step(event):
        return follow_step(event, invocation)
    for body in _bodies(event):
        invocation.refuse_too_late()
        _work(body, invocation)


def _bodies(event: Any) -> list[str]:
    messages = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(messages, list) or not all(isinstance(one, Mapping) and "body" in one for one in messages):
        raise invalid("is no message of a queue")
    return [str(one["body"]) for one in messages]


def _work(body: str, invocation: Invocation) -> None:
    record = Record(invocation, ROTATE)
    try:
        message = read_message(body, datetime.now(UTC))
    except RotationError as error:
        refuse(_operations.ROTATE, result_of(error), settings_of(invocation.environment), record)
    else:
        settings = settings_of(invocation.environment, message.client)
        if isinstance(message, Visit):
            Client(message.client, message.secret_id, settings, record, invocation).visit(
                brought_forward=message.bring_forward_days > 0
            )
        else:
            _rotate(message, settings, record, invocation)
    record.finish()


def _rotate(request: Request, settings: Settings, record: Record, invocation: Invocation) -> None:
    place = Place.of(invocation.environment)
    client = Client(request.client, place.secret_id(request.client), settings, record, invocation)
    stranger = client.identity()
    if stranger and stranger["error"]["code"] == Code.UNKNOWN_CLIENT:
        refuse(_operations.ROTATE, {**stranger, "requested_by": request.requested_by}, settings, record)
    elif stranger:
        client.fail(stranger, ON_DEMAND, request.requested_by)
    else:
        why = {"reason": request.reason, "requested_by": request.requested_by}
        client.rotate(**why, before=request.time.isoformat(), **request.options)
