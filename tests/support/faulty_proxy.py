# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS endpoint in front of the emulator that goes wrong where a test says so."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from background import Background
from http_messages import Fate, HttpProxy, Request

ALWAYS = 1_000_000
# Stands in every error text of the proxy: AWS's own words must not be repeated, for they may hold a parameter.
AWS_TEXT = "words-of-aws"

# What may happen to a request other than an error code as answer.
LOSE_REPLY = "done by AWS, the connection closed without an answer"
HANG_UP = "not done, the connection closed without an answer"
SILENCE = "not done, no answer until the client gives up"
# Done by AWS, and the answer of DescribeSecret says this of a replica region: "replica:InProgress".
REPLICA = "replica:"
REPLICA_REGION = "eu-west-1"
# The answer of DescribeSecret is that of before the last move of AWSCURRENT, when the replica region was in sync.
STALE = "stale"
SERVER_ERRORS = ("InternalServiceError", "ServiceUnavailable")


@dataclass(frozen=True)
class Fault:
    """What happens to the requests of one operation, from the `first` of them on, so many `times`."""

    operation: str
    what: str
    first: int = 1
    times: int = ALWAYS

    def hits(self, operation: str, number: int) -> bool:
        """Whether the request with this number is concerned."""
        return operation == self.operation and self.first <= number < self.first + self.times


class FaultyProxy(HttpProxy):
    """Hands on every request that no fault concerns; `seen` counts those about the one secret, retries included."""

    def __init__(self, target: str) -> None:
        """Describe a proxy in front of an endpoint of this machine."""
        super().__init__(urlsplit(target).port or 0)
        self.seen: Counter[str] = Counter()
        self._faults: tuple[Fault, ...] = ()
        self._secret_id: str | None = ""

    def __enter__(self) -> Self:
        self._background = Background()
        self._background.run(self.start())
        return self

    def __exit__(self, *_error: object) -> None:
        self._background.run(self.stop())
        self._background.stop()

    @contextmanager
    def faulty(self, secret_id: str | None, *faults: Fault) -> Iterator[None]:
        """Let these things happen to the requests about one secret; None is about none, as a listing is."""
        self.seen.clear()
        self._secret_id, self._faults = secret_id, faults
        try:
            yield
        finally:
            self._faults = ()

    def fate(self, operation: str, body: bytes) -> str | None:
        """Count a request, and give what is to happen to it; other services than Secrets Manager name no operation."""
        if not operation or json.loads(body or b"{}").get("SecretId") != self._secret_id:
            return None
        self.seen[operation] += 1
        return next((fault.what for fault in self._faults if fault.hits(operation, self.seen[operation])), None)

    async def answer(self, request: Request, reader: asyncio.StreamReader) -> Fate:
        """Answer as the faults say."""
        fate = self.fate(request.operation, request.body)
        if fate == SILENCE:
            await reader.read()
        if fate in (SILENCE, HANG_UP):
            return Fate.CUT
        if fate and fate not in (LOSE_REPLY, STALE) and not fate.startswith(REPLICA):
            return _error(fate)
        answer = await super().answer(request, reader)
        if fate == LOSE_REPLY:
            return Fate.CUT
        if fate == STALE:
            return _with_replica(_as_before(answer.answer), "InSync")
        return _with_replica(answer.answer, fate.removeprefix(REPLICA)) if fate else answer


def _with_replica(answered: bytes, status: str) -> Fate:
    told = [{"Region": REPLICA_REGION, "Status": status}]
    return Fate(answer=json.dumps({**json.loads(answered), "ReplicationStatus": told}).encode())


def _as_before(answered: bytes) -> bytes:
    told = json.loads(answered)
    former = {"AWSPREVIOUS": "AWSCURRENT", "AWSCURRENT": "AWSPENDING"}
    told["VersionIdsToStages"] = {
        version: sorted({former.get(label, label) for label in labels})
        for version, labels in told["VersionIdsToStages"].items()
    }
    return json.dumps(told).encode()


def _error(given: str) -> Fate:
    """An error answer; after a colon the code may have a text of its own."""
    code, _colon, text = given.partition(":")
    body = json.dumps({"__type": code, "message": f"{text} {AWS_TEXT}"}).encode()
    return Fate(status=500 if code in SERVER_ERRORS else 400, answer=body)
