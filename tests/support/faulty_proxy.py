# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS endpoint in front of the emulator that goes wrong where a test says so."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

from http_service import HttpService, QuietHandler

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


class FaultyProxy(HttpService):
    """Forwards every request that no fault concerns; `seen` counts those about the one secret, retries included."""

    def __init__(self, target: str) -> None:
        """Describe a proxy in front of an endpoint."""
        self.seen: Counter[str] = Counter()
        self.over = threading.Event()
        self._faults: tuple[Fault, ...] = ()
        self._secret_id = ""
        self._target = urlsplit(target).netloc
        self._lock = threading.Lock()
        super().__init__(_handler(self))

    @contextmanager
    def faulty(self, secret_id: str, *faults: Fault) -> Iterator[None]:
        """Let these things happen to the requests about one secret."""
        self.seen.clear()
        self.over = threading.Event()
        self._secret_id, self._faults = secret_id, faults
        try:
            yield
        finally:
            self._faults = ()
            self.over.set()

    def fate(self, operation: str, body: bytes) -> str | None:
        """Count a request, and give what is to happen to it; other services than Secrets Manager name no operation."""
        if not operation or json.loads(body or b"{}").get("SecretId") != self._secret_id:
            return None
        with self._lock:
            self.seen[operation] += 1
            number = self.seen[operation]
        return next((fault.what for fault in self._faults if fault.hits(operation, number)), None)

    def forward(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Let the emulator answer."""
        connection = HTTPConnection(self._target, timeout=30)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


def _handler(proxy: FaultyProxy) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fate = proxy.fate(self.headers.get("X-Amz-Target", "").rpartition(".")[2], body)
            if fate == SILENCE:
                proxy.over.wait(30)
            elif fate and fate.startswith(REPLICA):
                status, headers, answered = proxy.forward(self.path, dict(self.headers), body)
                self.answer(status, headers, _with_replica(answered, fate.removeprefix(REPLICA)))
            elif fate == STALE:
                status, headers, answered = proxy.forward(self.path, dict(self.headers), body)
                self.answer(status, headers, _with_replica(_as_before(answered), "InSync"))
            elif fate in (None, LOSE_REPLY):
                answer = proxy.forward(self.path, dict(self.headers), body)
                if fate is None:
                    self.answer(*answer)
            elif fate != HANG_UP:
                self.answer(*_error(fate))

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", headers.get("Content-Type", "application/x-amz-json-1.1"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _with_replica(answered: bytes, status: str) -> bytes:
    told = [{"Region": REPLICA_REGION, "Status": status}]
    return json.dumps({**json.loads(answered), "ReplicationStatus": told}).encode()


def _as_before(answered: bytes) -> bytes:
    told = json.loads(answered)
    former = {"AWSPREVIOUS": "AWSCURRENT", "AWSCURRENT": "AWSPENDING"}
    told["VersionIdsToStages"] = {
        version: sorted({former.get(label, label) for label in labels})
        for version, labels in told["VersionIdsToStages"].items()
    }
    return json.dumps(told).encode()


def _error(given: str) -> tuple[int, dict[str, str], bytes]:
    """An error answer; after a colon the code may have a text of its own."""
    code, _colon, text = given.partition(":")
    body = json.dumps({"__type": code, "message": f"{text} {AWS_TEXT}"}).encode()
    return 500 if code in SERVER_ERRORS else 400, {}, body
