# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation secretsmanager_policy_info."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _operations
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, client_name, policy_store


def _info(params: Mapping[str, Any], _check: bool) -> dict[str, Any]:
    client, policy = client_name(params), policy_store(params).policy()
    says = f"has a policy of {len(policy['Statement'])} statements" if policy else "has no policy"
    return {"changed": False, "msg": f"{client}: its secret {says}", "client": client, "policy": policy or {}}


SECRET_POLICY_INFO = Operation(
    declared=_operations.SECRET_POLICY_INFO,
    spec={**CLIENT_SPEC, **DATABASE_SPEC, **AWS_SPEC},
    work=_info,
)
