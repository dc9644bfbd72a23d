# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation secretsmanager_mysql_rotate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _operations
from .._context.request import ALL, STEPS
from .._rotation.rotate import rotate
from .._triggers import ON_DEMAND, TRIGGERS
from .cycle_options import CALENDAR_SPEC, PAUSE_SPEC, policy
from .moment import moment
from .operation import Operation
from .options import AWS_SPEC, CHANGE_SPEC, CLIENT_SPEC, DATABASE_SPEC, rotation_request, secret_store


def rotate_with(params: Mapping[str, Any], check: bool, **more: Any) -> dict[str, Any]:
    """Rotate as the options say, and as ``more`` does of what is no option."""
    request = rotation_request(
        params,
        trigger=params["trigger"],
        check=check,
        before=moment("{option|before}", params["before"]) if params["before"] else None,
        policy=policy(params),
        **more,
    )
    return rotate(request, secret_store(params))


ROTATE = Operation(
    declared=_operations.ROTATE,
    spec={
        **CLIENT_SPEC,
        **CHANGE_SPEC,
        "trigger": {"type": "str", "choices": list(TRIGGERS), "default": ON_DEMAND},
        "overlap": {"type": "int", "default": 0},
        "steps": {"type": "str", "choices": list(STEPS), "default": ALL},
        "min_age": {"type": "int", "default": 0},
        "before": {"type": "str"},
        "force": {"type": "bool", "default": False},
        "kill_sessions": {"type": "bool", "default": False},
        "bring_forward_days": {"type": "int", "default": 0},
        **CALENDAR_SPEC,
        **PAUSE_SPEC,
        "requested_by": {"type": "str", "default": ""},
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=rotate_with,
)
