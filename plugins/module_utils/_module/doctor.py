# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation rotation_doctor_info."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from .. import _operations
from .._doctor import checks
from .._errors import RotationError
from .._finding import Check, judge
from .._iam.grants import GRANTS, SECRETS
from .operation import Operation
from .options import (
    AWS_SPEC,
    CLIENT_SPEC,
    DATABASE_SPEC,
    aws_client,
    client_name,
    policy_store,
    secret_store,
    sns_client,
)

NEEDED = [grant.action for grant in GRANTS["rotator"] if grant.on == SECRETS]


def _examine(params: Mapping[str, Any], _check: bool) -> dict[str, Any]:
    arn, results = checks.identity(aws_client(params, "sts"), datetime.now(UTC))
    store = secret_store(params)
    results += checks.secret(store)
    with suppress(RotationError):  # that the secret cannot be secret is among the findings already
        secret = store.describe()
        results += checks.primary(secret.arn, secret.primary_region)
        results += checks.replicas(secret.replicas)
        results.append(checks.permissions(aws_client(params, "iam"), arn, secret.arn, NEEDED, secret.tags))
    with suppress(RotationError):  # few may read the policy, and a rotation need not
        results += checks.size(policy_store(params).policy())
    if params["topic_arn"]:
        results.append(checks.topic(sns_client(params, params["topic_arn"]), params["topic_arn"]))
    return _result(params, arn, results)


def _result(params: Mapping[str, Any], arn: str, results: list[Check]) -> dict[str, Any]:
    client = client_name(params)
    verdict = judge(client, results, well="AWS is ready", notes=False)
    return {
        "changed": False,
        "healthy": verdict.healthy,
        "msg": verdict.text,
        "client": client,
        "identity": arn,
        "checks": [asdict(check) for check in verdict.results],
    }


DOCTOR = Operation(
    declared=_operations.DOCTOR,
    spec={**CLIENT_SPEC, "topic_arn": {"type": "str"}, **DATABASE_SPEC, **AWS_SPEC},
    work=_examine,
)
