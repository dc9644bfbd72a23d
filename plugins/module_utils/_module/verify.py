# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation secretsmanager_mysql_verify."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _operations
from .._rotation.verify import verify
from .._triggers import RECOVERY
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, rotation_request, secret_store


def _verify(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    return verify(rotation_request(params, trigger=RECOVERY, check=check), secret_store(params))


VERIFY = Operation(declared=_operations.VERIFY, spec={**CLIENT_SPEC, **DATABASE_SPEC, **AWS_SPEC}, work=_verify)
