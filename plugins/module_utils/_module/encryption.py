# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation sns_logs_encryption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _operations
from .._aws.encryption import EncryptedLogGroup, EncryptedTopic
from .._aws.session import make_client
from .operation import Operation
from .options import AWS_SPEC, aws_options, client_name, sns_client


def _work(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    key_arn, things = params["kms_key_arn"], _things(params)
    before = {thing.title: thing.key() for thing in things}
    others = [thing for thing in things if before[thing.title] != key_arn]
    if not check:
        for thing in others:
            thing.encrypt(key_arn)
    names = " and ".join(thing.title for thing in others)
    message = (
        f"{names} {'would be' if check else 'was'} encrypted with {key_arn}" if others else "all is encrypted already"
    )
    return {
        "changed": bool(others),
        "msg": f"{client_name(params)}: {message}",
        "client": client_name(params),
        "diff": {"before": before, "after": dict.fromkeys(before, key_arn)},
    }


def _things(params: Mapping[str, Any]) -> list[EncryptedTopic | EncryptedLogGroup]:
    things: list[EncryptedTopic | EncryptedLogGroup] = []
    if params["topic_arn"]:
        things.append(EncryptedTopic(sns_client(params, params["topic_arn"]), params["topic_arn"]))
    if params["log_group"]:
        things.append(EncryptedLogGroup(make_client(aws_options(params), "logs"), params["log_group"]))
    return things


ENCRYPTION = Operation(
    declared=_operations.ENCRYPTION,
    spec={
        "client": {"type": "str", "default": "account"},
        "kms_key_arn": {"type": "str", "required": True, "no_log": False},
        "topic_arn": {"type": "str"},
        "log_group": {"type": "str"},
        **AWS_SPEC,
    },
    work=_work,
    required_one_of=(("topic_arn", "log_group"),),
)
