# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation rotation_history_info."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from .. import _operations
from .._audit.history import of_client, past
from .moment import moment
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, client_name
from .trail import TRAIL_SPEC, Reading

EVER = "1970-01-01"


def _history(params: Mapping[str, Any], _check: bool) -> dict[str, Any]:
    client, since = client_name(params), moment("{option|history.since}", params["since"] or EVER, UTC)
    reading = Reading("history", client, params)
    events = past(reading.lines(of_client(client), since), since, lambda event: event.get("client") == client)
    newest = events[-params["limit"] :] if params["limit"] > 0 else events
    older = f", the last {len(newest)} shown" if len(newest) < len(events) else ""
    return {
        "changed": False,
        "msg": f"{client}: {len(events)} event{'s'[: len(events) != 1]}{older}",
        "client": client,
        "events": newest,
        "warnings": reading.warnings,
    }


HISTORY = Operation(
    declared=_operations.HISTORY,
    spec={
        **CLIENT_SPEC,
        **TRAIL_SPEC,
        "since": {"type": "str"},
        "limit": {"type": "int", "default": 50},
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_history,
)
