# SPDX-License-Identifier: GPL-3.0-or-later
"""Identities with a policy, on an emulator that asks for it.

moto looks at actions only. So policies are tried there on every resource and without conditions; what they are limited
to is asserted on the documents.
"""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from world.aws import AwsEmulator

Keys = dict[str, Any]


def identity(aws: AwsEmulator, actions: Iterable[str]) -> Keys:
    """Make a user who may do these actions, and give its keys."""
    iam, name = aws.client("iam"), f"user-{uuid.uuid4()}"
    # moto calls a service by the name of its endpoint.
    known = sorted(action.replace("cloudwatch:", "monitoring:") for action in actions)
    allowed = document({"Effect": "Allow", "Action": known, "Resource": "*"})
    iam.create_user(UserName=name)
    policy = iam.create_policy(PolicyName=name, PolicyDocument=allowed)["Policy"]
    iam.attach_user_policy(UserName=name, PolicyArn=policy["Arn"])
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return {"access_key": made["AccessKeyId"], "secret_key": made["SecretAccessKey"]}


def document(statement: dict[str, Any]) -> str:
    """Return a policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@contextmanager
def enforced(aws: AwsEmulator) -> Iterator[None]:
    """Ask for permission in every call meanwhile."""
    _ask_from(aws, "0")
    try:
        yield
    finally:
        _ask_from(aws, "inf")


def _ask_from(aws: AwsEmulator, call: str) -> None:
    url = f"{aws.endpoint_url}/moto-api/reset-auth"
    # As a form, which urllib would call it, moto would not see it.
    request = urllib.request.Request(url, data=call.encode(), headers={"Content-Type": "text/plain"}, method="POST")
    opener: Any = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(request, timeout=10).close()
