# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS that evaluates alarms: LocalStack's CloudWatch, SNS and SQS as a child process on a free loopback port.

It judges an alarm when the alarm is put, and then once in each of its spans, as missing data says too. It counts
something for every event that a metric filter sees, whatever the pattern: so no event may go through its log groups.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from world.aws import client_of
from world.emulator import Emulator
from world.layout import CACHE
from world.service import HOST

PYTHON = CACHE / "localstack/bin/python"
# LocalStack takes the account from the access key.
ACCOUNT = "123456789012"
needs_localstack = pytest.mark.skipif(not PYTHON.is_file(), reason="needs .cache/localstack: make setup-dev")


class LocalStack(Emulator):
    """CloudWatch, SNS and SQS, with nothing in them."""

    LOST_PORT = ("Address already in use", "CannotListenError")

    def __init__(self, folder: Path) -> None:
        """Describe an emulator that keeps all its files in `folder` and ends with the starting thread."""
        super().__init__("LocalStack", folder, "localstack.log", tied=True)

    def client(self, service: str) -> Any:
        """A boto3 client for it."""
        return client_of(self.endpoint_url, service, aws_access_key_id=ACCOUNT)

    def _command(self) -> tuple[list[str], str]:
        module = "localstack.runtime.main"
        return [str(PYTHON), "-m", module], module

    def _environment(self) -> dict[str, str]:
        """Nothing of the person who starts it; nothing is fetched, and nobody is told that it runs."""
        return {
            "PATH": os.defpath,
            **dict.fromkeys(("HOME", "TMPDIR", "FILESYSTEM_ROOT"), str(self.folder)),
            "GATEWAY_LISTEN": f"{HOST}:{self.port}",
            "SERVICES": "cloudwatch,sns,sqs",
            "STRICT_SERVICE_LOADING": "1",
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DNS_ADDRESS": "0",
        }

    def _answers(self) -> bool:
        return self._serves("/_localstack/health") and "Ready." in self._logged()
