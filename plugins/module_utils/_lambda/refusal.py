# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An event that is refused before any client is touched: one event of the audit trail, and a warning to people.

Nothing is counted on a secret, for it may be another client's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .. import _operations
from .._errors import RotationError
from .._events import FAILED
from .._module.notice import NOTICE
from .._module.operation import failed_result
from .._module.options import sns_client
from .._notice.notice import Notice
from .._notice.publish import publish
from .._operations import Declaration
from .._triggers import ON_DEMAND
from .options import CONNECTION, OF_A_NOTICE
from .record import Record
from .settings import Settings

# What is told in the place of a client that an event does not name.
NOBODY = "unknown"
UNTOUCHED = "Nothing was changed, and nothing was counted."


def result_of(error: RotationError) -> dict[str, Any]:
    """Return the failed result of a refusal, as an operation would."""
    return failed_result(error, {"client": error.client or NOBODY, "trigger": ON_DEMAND}, UNTOUCHED)


def refuse(declared: Declaration, result: Mapping[str, Any], settings: Settings, record: Record) -> None:
    """Record that an event was refused, and tell people where they are told anything."""
    record.add(declared, result["error"]["client"], result)
    if settings.values.get("topic_arn"):
        _tell(result["error"], settings, record)


def _tell(error: Mapping[str, Any], settings: Settings, record: Record) -> None:
    params = settings.params(NOTICE.spec, {*CONNECTION, *OF_A_NOTICE})
    notice = Notice(
        event=FAILED,
        client=error["client"],
        secret_id="",
        time=datetime.now(UTC),
        environment=params["environment"] or "",
        trigger=ON_DEMAND,
        subject=f"Event refused: {error['client']}",
        state_left=error["state"],
        **{name: error[name] for name in ("step", "code", "cause", "next_step")},
    )
    result: dict[str, Any] = {"client": notice.client, "event": notice.event, "notice_id": notice.notice_id}
    try:
        client = sns_client(params, params["topic_arn"])
        message = publish(client, params["topic_arn"], notice, params["assume_role_arn"])
        sent = {"changed": True, "delivered": True, "message_id": message}
    except RotationError as trouble:
        sent = {"changed": False, "delivered": False, "warnings": [f"The refusal could not be told: {trouble.told()}"]}
    record.add(_operations.NOTICE, notice.client, {**result, "body": notice.body(), **sent})
