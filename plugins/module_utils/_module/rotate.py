# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation secretsmanager_mysql_rotate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation
from ansible_collections.dbops.rotation.plugins.module_utils._module.options import (
    AWS_SPEC,
    CLIENT_SPEC,
    DATABASE_SPEC,
    client_name,
    secret_store,
    tls_options,
)
from ansible_collections.dbops.rotation.plugins.module_utils._password import DEFAULT_LENGTH, PasswordRules
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.facts import ON_DEMAND, TRIGGERS
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.request import RotationRequest
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.rotate import rotate


def _rotate(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    request = RotationRequest(
        client=client_name(params),
        secret_id=params["secret_id"],
        tls=tls_options(params),
        rules=PasswordRules(params["password_length"], params["password_exclude_characters"]),
        trigger=params["trigger"],
        reason=params["reason"],
        deadline=params["deadline"],
        adopt_rows=frozenset(params["adopt_rows"]),
        single_writer=params["single_writer"],
        allow_plaintext_statement=params["allow_plaintext_statement"],
        accept_server_id=params["accept_server_id"],
        check=check,
    )
    return rotate(request, secret_store(params))


ROTATE = Operation(
    spec={
        **CLIENT_SPEC,
        "password_length": {"type": "int", "default": DEFAULT_LENGTH, "no_log": False},
        "password_exclude_characters": {"type": "str", "default": "", "no_log": False},
        "adopt_rows": {"type": "list", "elements": "str", "default": []},
        "accept_server_id": {"type": "str"},
        "allow_plaintext_statement": {"type": "bool", "default": False},
        "trigger": {"type": "str", "choices": list(TRIGGERS), "default": ON_DEMAND},
        "reason": {"type": "str", "default": ""},
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_rotate,
)
