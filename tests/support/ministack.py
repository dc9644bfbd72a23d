# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS that judges whole policies, resources and conditions too: ministack, as a child process on a loopback port."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from world.aws import client_of
from world.emulator import Emulator
from world.layout import CACHE
from world.service import HOST

PYTHON = CACHE / "ministack/bin/python"
# It takes the account from the access key, and such a key may do anything.
ACCOUNT = "123456789012"
needs_ministack = pytest.mark.skipif(not PYTHON.is_file(), reason="needs .cache/ministack: make setup-dev")


class Ministack(Emulator):
    """All its services, with nothing in them; it asks everybody but the account itself for permission."""

    LOST_PORT = ("already in use",)

    def __init__(self, folder: Path) -> None:
        """Describe an emulator that keeps all its files in `folder` and ends with the starting thread."""
        super().__init__("ministack", folder, "ministack.log", tied=True)

    def client(self, service: str, keys: dict[str, str] | None = None, *, tls: bool = True) -> Any:
        """A boto3 client, of the account or with these keys; it says as a proxy does whether it came over TLS."""
        made = client_of(self.endpoint_url, service, **(keys or {"aws_access_key_id": ACCOUNT}))
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

    def _command(self) -> tuple[list[str], str]:
        module = "ministack"
        return [str(PYTHON), "-m", module], module

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            **dict.fromkeys(("HOME", "TMPDIR"), str(self.folder)),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "AUTH": "true",
        }

    def _answers(self) -> bool:
        return self._serves("/_ministack/health")
