# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation secretsmanager_mysql_restore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _operations
from .._aws.secret_store import CURRENT
from .._backup.document import load_entry
from .._backup.request import RestoreRequest
from .._backup.restore import restore
from .._triggers import RECOVERY
from .operation import Operation
from .options import AWS_SPEC, CHANGE_SPEC, CLIENT_SPEC, DATABASE_SPEC, rotation_request, secret_archive


def _restore(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    entry = load_entry(params["backup"])
    # An ARN ends in letters that a new secret would not get again.
    name = entry.secret.name if params["secret_id"].startswith("arn:") else params["secret_id"]
    request = RestoreRequest(
        rotation=rotation_request({**params, "secret_id": name}, trigger=RECOVERY, check=check),
        entry=entry,
        version=params["version"],
        replace=params["replace"],
        kms_key_id=params["kms_key_id"],
    )
    return restore(request, secret_archive(params, name))


RESTORE = Operation(
    declared=_operations.RESTORE,
    spec={
        **CLIENT_SPEC,
        "path": {"type": "path"},
        "backup": {"type": "str", "no_log": True},
        "version": {"type": "str", "default": CURRENT},
        "replace": {"type": "bool", "default": False},
        "kms_key_id": {"type": "str", "no_log": False},
        **CHANGE_SPEC,
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_restore,
    mutually_exclusive=(("path", "backup"),),
    required_one_of=(("path", "backup"),),
)
