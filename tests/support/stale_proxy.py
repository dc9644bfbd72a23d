# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager as it may be for minutes after a change: eventually consistent, in front of the emulator.

A listing shows nothing of what was done since `minutes_pass`; what was just made is not found by the first call of each
kind; and a description is, once after each change, that of before it.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from faulty_proxy import FaultyProxy
from http_messages import Fate, Request, ask

CHANGES = ("PutSecretValue", "UpdateSecretVersionStage", "TagResource", "UntagResource")
NOT_FOUND = Fate(
    status=400,
    answer=json.dumps({"__type": "ResourceNotFoundException", "message": "Secrets Manager can't find it."}).encode(),
)


class StaleProxy(FaultyProxy):
    """Answers of before; `stale` counts them by operation, so that a test can be sure that there were any."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.stale: Counter[str] = Counter()
        self._view: dict[str, Any] = {}
        self._catch_up = False
        self._unseen: set[tuple[str, ...]] = set()
        self._former: dict[str, Fate] = {}
        self._at_work = asyncio.Lock()

    def minutes_pass(self) -> None:
        """Let everything be seen as it is at the next request."""
        self._catch_up = True
        self._unseen.clear()
        self._former.clear()

    async def answer(self, request: Request, reader: asyncio.StreamReader) -> Fate:
        """Answer as AWS may."""
        if request.service != "secretsmanager":
            return await super().answer(request, reader)
        async with self._at_work:
            if self._catch_up:
                self._view, self._catch_up = await self._listing(request), False
            answer = await self._former_answer(request, json.loads(request.body))
            answer = answer or await super().answer(request, reader)
            return self._aged(answer) if request.operation == "ListSecrets" else answer

    async def _former_answer(self, request: Request, given: dict[str, Any]) -> Fate | None:
        """Return the answer of a moment ago, if there is one, and remember what the next calls are to see."""
        operation, name = request.operation, given.get("SecretId", "")
        unseen = {(name, operation), (name, operation, given.get("VersionId", ""))} & self._unseen
        if unseen:
            self._unseen -= unseen
            self.stale[operation] += 1
            return NOT_FOUND
        if operation == "DescribeSecret" and name in self._former:
            self.stale[operation] += 1
            return self._former.pop(name)
        if operation in CHANGES:
            self._former[name] = await self._ask(request, "DescribeSecret", SecretId=name)
        if operation == "PutSecretValue":
            self._unseen.add((name, "GetSecretValue", given["ClientRequestToken"]))
        if operation == "CreateSecret":
            self._unseen |= {(given["Name"], reading) for reading in ("GetSecretValue", "DescribeSecret")}
        return None

    def _aged(self, answer: Fate) -> Fate:
        """Return a page as it was: what was made since is not there, what was changed is as before."""
        page = json.loads(answer.answer)
        listed = [self._view[secret["ARN"]] for secret in page["SecretList"] if secret["ARN"] in self._view]
        self.stale["ListSecrets"] += listed != page["SecretList"]
        return Fate(status=answer.status, answer=json.dumps({**page, "SecretList": listed}).encode())

    async def _listing(self, request: Request) -> dict[str, Any]:
        found: dict[str, Any] = {}
        more: dict[str, Any] = {}
        while True:
            page = json.loads((await self._ask(request, "ListSecrets", **more)).answer)
            found |= {secret["ARN"]: secret for secret in page["SecretList"]}
            if not page.get("NextToken"):
                return found
            more = {"NextToken": page["NextToken"]}

    async def _ask(self, request: Request, operation: str, **given: Any) -> Fate:
        """Ask the emulator in the name of whoever asks now."""
        return await ask(self._target_port, request.instead(operation, json.dumps(given).encode()))
