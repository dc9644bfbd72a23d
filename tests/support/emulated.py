# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS in this process (moto), out of reach of the settings of the person who runs the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import forget_clients
from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation

REGION = "eu-central-1"


@contextmanager
def emulated_aws(config: Any = None) -> Iterator[None]:
    """Return an empty AWS to clients that are made within."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        forget_clients()
        with mock_aws(config=config):
            yield
        forget_clients()


def client_of(service: str, **more: Any) -> Any:
    """Return a client of an AWS service."""
    access = {"region_name": REGION, "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    return boto3.client(service, **access | more)


def done(operation: Operation, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """Return the result of an operation with these options, and the defaults of the others."""
    given = {"region": REGION, "access_key": "x", "secret_key": "x", **options}
    params = {name: given.get(name, spec.get("default")) for name, spec in operation.spec.items()}
    return operation.outcome(params, check=check, diff=True)
