# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reset function: counts a client's cycle from now on, because an event asks for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .. import _operations
from .._errors import RotationError
from . import events
from .client import Client
from .invocation import Invocation, handler
from .record import RESET, Record
from .refusal import error_of, result_of
from .settings import Place, environment_settings

AGAIN = "Lambda calls again by itself, three times in all; then the event lies in the dead-letter queue."


@handler
def reset_cycle(event: Any, invocation: Invocation) -> None:
    """Reset one client's cycle. It reads no parameter and sends no notice, so it may do little else.

    Raises RotationError where it failed: nobody else hears of it, so Lambda has to call again, and its alarm to ring.
    """
    invocation.refuse_too_late()
    record = Record(invocation, RESET)
    try:
        request = events.read_event(event, events.RESET, datetime.now(UTC))
    except RotationError as error:
        record.add(_operations.CYCLE, error.client, result_of(error))
    else:
        _reset(request, record, invocation)
    record.finish()
    if record.error:
        raise error_of(record.error, record.error["cause"], AGAIN)


def _reset(request: events.Request, record: Record, invocation: Invocation) -> None:
    secret_id = Place.of(invocation.environment).secret_id(request.client)
    client = Client(request.client, secret_id, environment_settings(invocation.environment), record, invocation)
    stranger = client.identity()
    if stranger:
        record.add(_operations.CYCLE, request.client, {**stranger, "requested_by": request.requested_by})
    else:
        client.reset(request.reason, request.requested_by)
