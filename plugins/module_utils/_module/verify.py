# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation secretsmanager_mysql_verify."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils import _operations
from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation
from ansible_collections.dbops.rotation.plugins.module_utils._module.options import (
    AWS_SPEC,
    CLIENT_SPEC,
    DATABASE_SPEC,
    rotation_request,
    secret_store,
)
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.verify import verify
from ansible_collections.dbops.rotation.plugins.module_utils._triggers import RECOVERY


def _verify(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    return verify(rotation_request(params, trigger=RECOVERY, check=check), secret_store(params))


VERIFY = Operation(declared=_operations.VERIFY, spec={**CLIENT_SPEC, **DATABASE_SPEC, **AWS_SPEC}, work=_verify)
