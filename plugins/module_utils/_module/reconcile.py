# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation secretsmanager_mysql_reconcile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _operations
from .._rotation.reconcile import Proof, reconcile
from .._triggers import RECOVERY
from .operation import Operation
from .options import (
    AWS_SPEC,
    CHANGE_SPEC,
    CLIENT_SPEC,
    DATABASE_SPEC,
    PASSWORD_SPEC,
    password_text,
    rotation_request,
    secret_store,
)


def _reconcile(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    administrator = params["admin_secret_id"]
    proof = Proof(
        password=password_text(params, "{option|reconcile.password}"),
        version=params["version"],
        administrator=secret_store(params, administrator) if administrator else None,
    )
    return reconcile(rotation_request(params, trigger=RECOVERY, check=check), proof, secret_store(params))


RECONCILE = Operation(
    declared=_operations.RECONCILE,
    spec={
        **CLIENT_SPEC,
        **PASSWORD_SPEC,
        "password_file": {"type": "path", "no_log": False},
        "prompt": {"type": "bool", "default": False},
        "prompt_timeout": {"type": "int", "default": 300},
        "version": {"type": "str"},
        "admin_secret_id": {"type": "str", "no_log": False},
        **CHANGE_SPEC,
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_reconcile,
    mutually_exclusive=(("password", "password_file", "version", "admin_secret_id"),),
)
