# SPDX-License-Identifier: GPL-3.0-or-later
"""A rotation function that the emulator takes for ours, and does not run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

from world.aws import AwsEmulator, client_of

FUNCTION = "dbops-rotation-rotate"
ARN = f"arn:aws:lambda:eu-central-1:123456789012:function:{FUNCTION}"


@contextmanager
def stub_function(aws: AwsEmulator) -> Iterator[None]:
    """Create it for a while."""
    without_docker = json.dumps({"lambda": {"use_docker": False}}).encode()
    urlopen(Request(f"{aws.endpoint_url}/moto-api/config", without_docker, method="POST"), timeout=10).close()
    functions, iam = aws.client("lambda"), client_of(aws.endpoint_url, "iam")
    role = iam.create_role(RoleName=FUNCTION, AssumeRolePolicyDocument="{}")
    functions.create_function(
        FunctionName=FUNCTION,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="x.x",
        Code={"ZipFile": b"x"},
    )
    yield
    functions.delete_function(FunctionName=FUNCTION)
    iam.delete_role(RoleName=FUNCTION)
