# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.client
import pytest
from emulated import client_of, emulated_aws


@pytest.fixture
def aws() -> Iterator[None]:
    """An AWS of one test, with nothing in it."""
    with emulated_aws():
        yield


@pytest.fixture(scope="module")
def secrets_manager() -> Iterator[Any]:
    """A client of Secrets Manager in an AWS of one file."""
    with emulated_aws():
        yield client_of("secretsmanager")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operations that were called, in order."""
    made: list[str] = []
    real = botocore.client.BaseClient._make_api_call

    def counted(client: Any, operation: str, arguments: Any) -> Any:
        made.append(operation)
        return real(client, operation, arguments)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", counted)
    return made
