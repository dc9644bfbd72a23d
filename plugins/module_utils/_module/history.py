# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation rotation_history_info."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import _operations
from .._audit.history import logged, past
from .._audit.logs import log_group
from .._audit.spool import default_folder, spooled_lines
from .._codes import Code
from .._errors import RotationError
from .moment import moment
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, aws_options, client_name

EVER = "1970-01-01"
AUTO, SPOOL, LOGS = "auto", "spool", "logs"


def _history(params: Mapping[str, Any], _check: bool) -> dict[str, Any]:
    client, since = client_name(params), moment("{option|history.since}", params["since"] or EVER, UTC)
    warnings: list[str] = []
    lines = [line for source in _sources(params) for line in _read(source, params, client, since, warnings)]
    events = past(lines, client, since)
    newest = events[-params["limit"] :] if params["limit"] > 0 else events
    older = f", the last {len(newest)} shown" if len(newest) < len(events) else ""
    return {
        "changed": False,
        "msg": f"{client}: {len(events)} event{'s'[: len(events) != 1]}{older}",
        "client": client,
        "events": newest,
        "warnings": warnings,
    }


def _sources(params: Mapping[str, Any]) -> tuple[str, ...]:
    if params["source"] == LOGS and not params["log_group"]:
        raise RotationError(
            "The log group to read is not known.",
            code=Code.INVALID_OPTION,
            next_step="Set {option|history.log_group}, or log_group of the callback rotation_audit.",
        )
    if params["source"] == AUTO:
        return (LOGS, SPOOL) if params["log_group"] else (SPOOL,)
    return (params["source"],)


def _read(
    source: str, params: Mapping[str, Any], client: str, since: datetime, warnings: list[str]
) -> list[str] | list[bytes]:
    """Read one source; of two, one that cannot be read becomes a warning, and the other one has to do."""
    try:
        if source == LOGS:
            return list(logged(log_group(params["log_group"], aws_options(params)), client, since))
        return list(_spool_lines(params))
    except RotationError as error:
        if params["source"] != AUTO:
            raise
        warnings.append(f"{client}: the history is not complete. {error.told(client)}")
        return []


def _spool_lines(params: Mapping[str, Any]) -> Iterator[bytes]:
    folder = Path(params["spool"] or default_folder())
    try:
        yield from spooled_lines(folder)
    except OSError as error:
        raise RotationError(
            f"The spool {folder} cannot be read ({error.strerror}).",
            code=Code.SPOOL_UNREADABLE,
            next_step="Run as the user who runs the rotations, or name another folder in {option|history.spool}.",
        ) from None


HISTORY = Operation(
    declared=_operations.HISTORY,
    spec={
        **CLIENT_SPEC,
        "source": {"type": "str", "choices": [AUTO, SPOOL, LOGS], "default": AUTO},
        "log_group": {"type": "str"},
        "spool": {"type": "path"},
        "since": {"type": "str"},
        "limit": {"type": "int", "default": 50},
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_history,
)
