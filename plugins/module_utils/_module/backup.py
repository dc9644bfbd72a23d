# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation secretsmanager_mysql_backup. Only the action does it: what it needs never leaves the controller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import _operations
from .._backup.save import Source, collect, failure_text, save
from .._codes import Code
from .._errors import RotationError
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, client_name, secret_archive


def _backup(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """Back up ``hosts``, each with its own options; ``unusable`` says why some have none."""
    hosts: Mapping[str, Mapping[str, Any]] = params["hosts"]
    _refuse_one_name_for_two(hosts)
    sources, failures = {}, dict(params["unusable"])
    for host, options in hosts.items():
        try:
            sources[host] = Source(client_name(options), secret_archive(options))
        except RotationError as error:
            failures[host] = failure_text(client_name(options), error)
    collected, path = collect(sources, failures), Path(params["path"])
    return save(collected, path, params["cipher"], check=check, keep_other=params["keep_other"])


def _refuse_one_name_for_two(hosts: Mapping[str, Mapping[str, Any]]) -> None:
    counts = Counter(client_name(options) for options in hosts.values())
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise RotationError(
            f"Several hosts have the client name {', '.join(twice)}; one would take the place of the other.",
            code=Code.INVALID_OPTION,
            next_step="Give each host a name of its own in {option|client}.",
        )


BACKUP = Operation(
    declared=_operations.BACKUP,
    spec={
        **CLIENT_SPEC,
        "path": {"type": "path", "required": True},
        "client_options": {"type": "str"},
        "vault_id": {"type": "str"},
        "keep_other": {"type": "bool", "default": False},
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_backup,
)
