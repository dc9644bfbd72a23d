# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation cloudwatch_dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _operations
from .._aws.dashboard import Dashboard
from .._aws.session import make_client
from .operation import Operation
from .options import AWS_SPEC, aws_options, client_name


def _work(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    dashboard = Dashboard(make_client(aws_options(params), "cloudwatch"), params["name"])
    before, after = dashboard.body(), params["body"] if params["state"] == "present" else None
    changed = before != after
    if changed and not check:
        dashboard.put(after) if after else dashboard.drop()
    verb = "written" if after else "deleted"
    done = f"{'would be' if check else 'was'} {verb}" if changed else "is as it should be"
    return {
        "changed": changed,
        "msg": f"{client_name(params)}: {dashboard.title} {done}",
        "client": client_name(params),
        "diff": {"before": before or {}, "after": after or {}},
    }


DASHBOARD = Operation(
    declared=_operations.DASHBOARD,
    spec={
        "client": {"type": "str", "default": "account"},
        "name": {"type": "str", "required": True},
        "body": {"type": "dict"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        **AWS_SPEC,
    },
    work=_work,
    required_if=(("state", "present", ("body",)),),
)
