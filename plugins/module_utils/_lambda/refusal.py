# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An event that is refused before any client is touched: one event of the audit trail, and a warning to people.

Nothing is counted on a secret, for it may be another client's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import RotationError
from .._events import FAILED
from .._module.notice import NOTICE
from .._module.operation import failed_result
from .._module.options import CONNECTION
from .._notice.details import of_failure
from .._operations import Declaration
from .._triggers import ON_DEMAND
from .options import OF_A_NOTICE
from .record import Record
from .settings import Settings

# What is told in the place of a client that an event does not name.
NOBODY = "unknown"
UNTOUCHED = "Nothing was changed, and nothing was counted."


def result_of(error: RotationError) -> dict[str, Any]:
    """Return the failed result of a refusal, as an operation would."""
    return failed_result(error, {"client": error.client or NOBODY, "trigger": ON_DEMAND}, UNTOUCHED)


def error_of(result: Mapping[str, str], cause: str, next_step: str) -> RotationError:
    """Return what a call of a function raises for the error of a result, so that AWS calls again."""
    error = RotationError(cause, code=result["code"], next_step=next_step)
    error.locate(client=result["client"], step=result["step"], state=result["state"], next_step=next_step)
    return error


def refuse(declared: Declaration, result: Mapping[str, Any], settings: Settings, record: Record) -> None:
    """Record that an event was refused, and tell people where they are told anything."""
    record.add(declared, result["error"]["client"], result)
    if settings.values.get("topic_arn"):
        _tell(result["error"], settings, record)


def _tell(error: Mapping[str, Any], settings: Settings, record: Record) -> None:
    client = error["client"]
    about = {"client": client, "secret_id": "", "event": FAILED, "subject": f"Event refused: {client}"}
    about |= of_failure(error, {}, ON_DEMAND, "")
    params = settings.params(NOTICE.spec, {*CONNECTION, *OF_A_NOTICE}, **about)
    record.add(NOTICE.declared, client, NOTICE.outcome(params, check=False, diff=False))
