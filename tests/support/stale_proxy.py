# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager as it may be for minutes after a change: eventually consistent, in front of the emulator.

A listing shows nothing of what was done since `minutes_pass`; what was just made is not found by the first call of each
kind; and a description is, once after each change, that of before it.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import Any

from faulty_proxy import FaultyProxy

Answer = tuple[int, dict[str, str], bytes]
CHANGES = ("PutSecretValue", "UpdateSecretVersionStage", "TagResource", "UntagResource")
NOT_FOUND: Answer = (
    400,
    {},
    json.dumps({"__type": "ResourceNotFoundException", "message": "Secrets Manager can't find it."}).encode(),
)


class StaleProxy(FaultyProxy):
    """Answers of before; `stale` counts them by operation, so that a test can be sure that there were any."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.stale: Counter[str] = Counter()
        self._view: dict[str, Any] = {}
        self._catch_up = False
        self._unseen: set[tuple[str, ...]] = set()
        self._former: dict[str, Answer] = {}
        self._at_work = threading.Lock()

    def minutes_pass(self) -> None:
        """Let everything be seen as it is at the next request."""
        self._catch_up = True
        self._unseen.clear()
        self._former.clear()

    def fate(self, operation: str, body: bytes) -> None:
        """Let every request through to `forward`."""

    def forward(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer as AWS may."""
        service, _dot, operation = headers.get("X-Amz-Target", "").rpartition(".")
        if service != "secretsmanager":
            return super().forward(path, headers, body)
        with self._at_work:
            if self._catch_up:
                self._view, self._catch_up = self._listing(path, headers), False
            answer = self._answer(path, headers, operation, json.loads(body)) or super().forward(path, headers, body)
            return self._aged(answer) if operation == "ListSecrets" else answer

    def _answer(self, path: str, headers: dict[str, str], operation: str, given: dict[str, Any]) -> Answer | None:
        """Return the answer of a moment ago, if there is one, and remember what the next calls are to see."""
        name = given.get("SecretId", "")
        unseen = {(name, operation), (name, operation, given.get("VersionId", ""))} & self._unseen
        if unseen:
            self._unseen -= unseen
            self.stale[operation] += 1
            return NOT_FOUND
        if operation == "DescribeSecret" and name in self._former:
            self.stale[operation] += 1
            return self._former.pop(name)
        if operation in CHANGES:
            self._former[name] = self._ask(path, headers, "DescribeSecret", SecretId=name)
        if operation == "PutSecretValue":
            self._unseen.add((name, "GetSecretValue", given["ClientRequestToken"]))
        if operation == "CreateSecret":
            self._unseen |= {(given["Name"], reading) for reading in ("GetSecretValue", "DescribeSecret")}
        return None

    def _aged(self, answer: Answer) -> Answer:
        """Return a page as it was: what was made since is not there, what was changed is as before."""
        status, headers, body = answer
        page = json.loads(body)
        listed = [self._view[secret["ARN"]] for secret in page["SecretList"] if secret["ARN"] in self._view]
        self.stale["ListSecrets"] += listed != page["SecretList"]
        return status, headers, json.dumps({**page, "SecretList": listed}).encode()

    def _listing(self, path: str, headers: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        more: dict[str, Any] = {}
        while True:
            page = json.loads(self._ask(path, headers, "ListSecrets", **more)[2])
            found |= {secret["ARN"]: secret for secret in page["SecretList"]}
            if not page.get("NextToken"):
                return found
            more = {"NextToken": page["NextToken"]}

    def _ask(self, path: str, headers: dict[str, str], operation: str, **given: Any) -> Answer:
        """Ask the emulator in the name of whoever asks now."""
        kept = {name: value for name, value in headers.items() if name.lower() != "content-length"}
        asking = {**kept, "X-Amz-Target": f"secretsmanager.{operation}"}
        return super().forward(path, asking, json.dumps(given).encode())
