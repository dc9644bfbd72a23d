# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS that judges whole policies, resources and conditions too: ministack, as a child process on a loopback port."""

from __future__ import annotations

import json
import os
import ssl
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from world.aws import REGION, client_of
from world.certificates import Authority
from world.emulator import Emulator
from world.layout import CACHE
from world.service import HOST

PYTHON = CACHE / "ministack/bin/python"
SERVER = Path(__file__).with_name("ministack_server.py")
# It takes the account from the access key, and such a key may do anything.
ACCOUNT = "123456789012"
needs_ministack = pytest.mark.skipif(not PYTHON.is_file(), reason="needs .cache/ministack: make setup-dev")


class Decision(NamedTuple):
    """What IAM was asked, and whether it allowed it."""

    who: str
    action: str
    on: str
    allowed: bool
    via: str = ""  # the service that used a key for somebody


class Ministack(Emulator):
    """All its services, with nothing in them; it asks everybody but an account itself for permission.

    With an authority it speaks TLS; without one a client says as a proxy does whether it came over TLS.
    """

    LOST_PORT = ("already in use",)

    def __init__(self, folder: Path, authority: Authority | None = None) -> None:
        """Describe an emulator that keeps all its files in `folder` and ends with the starting thread."""
        super().__init__("ministack", folder, "ministack.log", tied=True)
        self.authority = authority
        self._decisions = folder / "decisions.jsonl"

    @property
    def endpoint_url(self) -> str:
        """Where to send requests instead of to AWS."""
        return f"{'https' if self.authority else 'http'}://{HOST}:{self.port}"

    def client(
        self, service: str, keys: dict[str, str] | None = None, *, region: str = REGION, tls: bool = True
    ) -> Any:
        """A boto3 client, of the account or with these keys."""
        given = {"region_name": region, **(keys or {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"})}
        if self.authority:
            return client_of(self.endpoint_url, service, verify=str(self.authority.ca_file), **given)
        made = client_of(self.endpoint_url, service, **given)
        forwarded = {"X-Forwarded-Proto": "https" if tls else "http"}
        made.meta.events.register("before-send.*", lambda request, **_event: request.headers.update(forwarded))
        return made

    def identity(self, name: str, policy: str, account: str = ACCOUNT) -> dict[str, str]:
        """Make a user with one policy, and give its keys."""
        iam = self.client("iam", {"aws_access_key_id": account, "aws_secret_access_key": "test"})
        iam.create_user(UserName=name)
        made = iam.create_policy(PolicyName=name, PolicyDocument=policy)["Policy"]
        iam.attach_user_policy(UserName=name, PolicyArn=made["Arn"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    def decisions(self) -> list[Decision]:
        """Everything that IAM was asked so far, in order."""
        lines = self._decisions.read_text().splitlines() if self._decisions.exists() else []
        return [Decision(**json.loads(line)) for line in lines]

    def _command(self) -> tuple[list[str], str]:
        # -P: this module has the name of the package.
        return [str(PYTHON), "-P", str(SERVER)], str(SERVER)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            **dict.fromkeys(("HOME", "TMPDIR"), str(self.folder)),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "AUTH": "true",
            "MINISTACK_DECISIONS": str(self._decisions),
            **self._encrypted(),
        }

    def _encrypted(self) -> dict[str, str]:
        if not self.authority:
            return {}
        issued = self.authority.issue("ministack")
        return {
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(issued.certificate),
            "MINISTACK_SSL_KEY": str(issued.key),
        }

    def _answers(self) -> bool:
        trusted = ssl.create_default_context(cafile=str(self.authority.ca_file)) if self.authority else None
        handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted))
        try:
            urllib.request.build_opener(*handlers).open(f"{self.endpoint_url}/_ministack/health", timeout=5).close()
        except OSError:
            return False
        return True
