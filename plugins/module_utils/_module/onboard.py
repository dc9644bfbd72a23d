# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation secretsmanager_mysql_onboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import _operations
from .._codes import Code
from .._cycle.tags import DEFAULT_CYCLE_DAYS
from .._errors import RotationError
from .._rotation.onboard import onboard
from .._rotation.onboard_request import OnboardRequest
from .._rotation.replicate import ReplicaRequest
from .._secret_value import DEFAULT_PORT, Login
from .operation import Operation
from .options import (
    AWS_SPEC,
    CLIENT_SPEC,
    DATABASE_SPEC,
    PASSWORD_SPEC,
    REPLICA_WAIT,
    password_text,
    same_name_options,
    secret_store,
    tls_options,
)


def _onboard(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    source = params["source_secret_id"]
    password = password_text(params, "{option|onboard.password}")
    login = Login(params["host"] or "", params["port"], params["username"], password or "")
    request = OnboardRequest(
        **same_name_options(OnboardRequest, params),
        login=login,
        source=secret_store(params, source) if source else None,
        tls=tls_options(params),
        more_tags={str(key): str(value) for key, value in params["tags"].items()},
        replicas=ReplicaRequest(regions_of(params["replica"]), params["replica_wait"], check),
        check=check,
    )
    return onboard(request, secret_store(params))


def regions_of(replicas: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    """Return each region with its key; raises RotationError where one appears twice."""
    regions = {one["region"]: one.get("kms_key_id") for one in replicas}
    if len(regions) < len(replicas):
        raise RotationError(
            "A replica region is named twice.",
            code=Code.INVALID_OPTION,
            next_step="Name each region once in {option|onboard.replica}, as [{region: eu-west-1}].",
        )
    return regions


ONBOARD = Operation(
    declared=_operations.ONBOARD,
    spec={
        **CLIENT_SPEC,
        "host": {"type": "str"},
        "port": {"type": "int", "default": DEFAULT_PORT},
        "username": {"type": "str", "default": "root"},
        **PASSWORD_SPEC,
        "password_file": {"type": "path", "no_log": False},
        "source_secret_id": {"type": "str", "no_log": False},
        "prompt": {"type": "bool", "default": False},
        "prompt_timeout": {"type": "int", "default": 300},
        "kms_key_id": {"type": "str", "no_log": False},
        "tags": {"type": "dict", "default": {}},
        "cycle_days": {"type": "int", "default": DEFAULT_CYCLE_DAYS},
        "replica": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "region": {"type": "str", "required": True},
                "kms_key_id": {"type": "str", "no_log": False},
            },
        },
        **REPLICA_WAIT,
        "reason": {"type": "str", "default": ""},
        "requested_by": {"type": "str", "default": ""},
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_onboard,
    mutually_exclusive=(("password", "password_file", "source_secret_id"),),
)
