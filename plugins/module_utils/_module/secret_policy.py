# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation secretsmanager_policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _operations
from .._aws.policy_store import PolicyStore
from .._codes import Code
from .._errors import RotationError, SecretNotFound
from .._iam.policies import Document
from .._iam.secret_policy import normal, principals, with_ours, without_ours
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, client_name, policy_store


def _work(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    store = policy_store(params)
    try:
        current = store.policy()
        target = _target(params, store, current)
    except SecretNotFound:
        return _result(params, None, None, "has no secret yet; run this again when it is under management")
    if normal(target) == normal(current):
        return _result(params, current, target, "the policy of its secret is as it should be")
    if not check:
        _write(store, target)
    return _result(params, current, target, f"the policy of its secret {'would be' if check else 'was'} changed")


def _target(params: Mapping[str, Any], store: PolicyStore, current: Document | None) -> Document | None:
    if params["state"] == "absent":
        return without_ours(current)
    if not params["rotators"]:
        raise RotationError(
            "No rotators were named, so that nobody could rotate the secret.",
            code=Code.INVALID_OPTION,
            next_step="Name the roles that rotate.",
        )
    arn = store.describe().arn
    return with_ours(current, principals(params["readers"], arn), principals(params["rotators"], arn))


def _write(store: PolicyStore, target: Document | None) -> None:
    if target:
        store.put_policy(target)
    else:
        store.drop_policy()


def _result(
    params: Mapping[str, Any], current: Document | None, target: Document | None, message: str
) -> dict[str, Any]:
    return {
        "changed": normal(target) != normal(current),
        "msg": f"{client_name(params)}: {message}",
        "client": client_name(params),
        "policy": target,
        "diff": {"before": current or {}, "after": target or {}},
    }


SECRET_POLICY = Operation(
    declared=_operations.SECRET_POLICY,
    spec={
        **CLIENT_SPEC,
        "readers": {"type": "list", "elements": "str"},
        "rotators": {"type": "list", "elements": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_work,
    required_if=(("state", "present", ("readers", "rotators")),),
)
