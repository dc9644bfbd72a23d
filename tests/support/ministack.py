# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS that judges whole policies, resources and conditions too: ministack, as a child process on a loopback port."""

from __future__ import annotations

import os
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from world import processes
from world.aws import REGION
from world.layout import CACHE
from world.service import HOST, Service

PYTHON = CACHE / "ministack/bin/python"
# It takes the account from the access key, and such a key may do anything.
ACCOUNT = "123456789012"
needs_ministack = pytest.mark.skipif(not PYTHON.is_file(), reason="needs .cache/ministack: make setup-dev")


class Ministack(Service):
    """All its services, with nothing in them; it asks everybody but the account itself for permission."""

    LOST_PORT = ("already in use",)

    def __init__(self, folder: Path) -> None:
        """Describe an emulator that keeps all its files in `folder` and ends with the starting thread."""
        super().__init__("ministack", folder, "ministack.log", tied=True)

    @property
    def endpoint_url(self) -> str:
        """Where to send requests instead of to AWS."""
        return f"http://{HOST}:{self.port}"

    def launch(self) -> None:
        """Start it without waiting."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = processes.free_port()
        self.log.write_text("")
        environment = {
            "PATH": os.defpath,
            **dict.fromkeys(("HOME", "TMPDIR"), str(self.folder)),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "AUTH": "true",
        }
        command = [str(PYTHON), "-m", "ministack"]
        self._start_process(command, command[-1], self.log, environment)

    def client(self, service: str, keys: dict[str, str] | None = None, *, tls: bool = True) -> Any:
        """A boto3 client, of the account or with these keys; it says as a proxy does whether it came over TLS."""
        given = keys or {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"}
        config = Config(retries={"total_max_attempts": 1}, proxies={})
        made = boto3.session.Session().client(
            service, endpoint_url=self.endpoint_url, region_name=REGION, config=config, **given
        )
        forwarded = {"X-Forwarded-Proto": "https" if tls else "http"}
        made.meta.events.register("before-send.*", lambda request, **_event: request.headers.update(forwarded))
        return made

    def identity(self, name: str, policy: str) -> dict[str, str]:
        """Make a user with one policy, and give its keys."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="duty", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    def _answers(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            opener.open(f"{self.endpoint_url}/_ministack/health", timeout=5).close()
        except OSError:
            return False
        return True
