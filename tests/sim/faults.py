# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong now: AWS refuses, a server is down, the process ends at any change of the world."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from memory_server import MemoryServer, MemorySession

from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login

WRITES = ("PutSecretValue", "UpdateSecretVersionStage", "TagResource", "Publish")


class PowerCut(KeyboardInterrupt):
    """The machine is gone, at once."""


@dataclass
class Faults:
    """Set by the plan of troubles, read by every client of AWS and every server.

    ``denied`` names the one operation that AWS denies on a secret; ``changes_left`` is how many more changes of the
    world this process lives to make.
    """

    denied: dict[str, str] = field(default_factory=dict)
    sns_down: bool = False
    servers_down: set[str] = field(default_factory=set)
    changes_left: int | None = None

    def change(self) -> None:
        """Count a change that is about to happen."""
        if self.changes_left is not None:
            self.changes_left -= 1
            if self.changes_left < 0:
                raise PowerCut

    def attach(self, client: Any) -> Any:
        """Let a boto3 client meet the faults before its requests go out."""
        client.meta.events.register_first("before-call", self._meet, unique_id="faults")
        return client

    def _meet(self, model: Any, params: dict[str, Any], **_more: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        if model.name in WRITES:
            self.change()
        if model.name == "Publish":
            return _refusal(params, "AuthorizationError") if self.sns_down else None
        secret_id = json.loads(params["body"]).get("SecretId", "")
        return _refusal(params, "AccessDeniedException") if self.denied.get(secret_id) == model.name else None


def _refusal(params: dict[str, Any], code: str) -> tuple[AWSResponse, dict[str, Any]]:
    """Return what botocore makes of an answer that says no; the request is not sent."""
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return AWSResponse(params["url"], 400, {}, None), answer


class FaultyServer(MemoryServer):
    """A server that may be down, and whose changes count."""

    faults: Faults

    def connect(self, login: Login, *_options: object) -> MemorySession:
        if self.server_id in self.faults.servers_down:
            raise RotationError("The server does not answer.", code="connection_failed")
        return super().connect(login)

    def perform(self, name: str, effect: Callable[[], Any]) -> Any:
        self.faults.change()
        return super().perform(name, effect)
