# SPDX-License-Identifier: GPL-3.0-or-later
"""A bad day for a fleet: some servers do not answer, and AWS throttles some calls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from random import Random

from http_service import HttpService, QuietHandler
from world.aws import AwsEmulator
from world.service import HOST

THROTTLED = 0.02
DOWN = 0.05
# Nothing listens there.
NO_PORT = 9
ANSWER = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode()


class Throttling(QuietHandler):
    """Hand calls on to the emulator, but for those that are throttled."""

    protocol_version = "HTTP/1.1"
    target: int
    dice: Random

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.dice.random() < THROTTLED:
            self._answer(400, {"Content-Type": "application/x-amz-json-1.1"}, ANSWER)
            return
        connection = HTTPConnection(HOST, self.target, timeout=30)
        connection.request("POST", self.path, body, dict(self.headers))
        reply = connection.getresponse()
        self._answer(reply.status, {"Content-Type": reply.headers.get("Content-Type", "")}, reply.read())
        connection.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def throttling(aws: AwsEmulator) -> Iterator[str]:
    """Return an endpoint that throttles some calls."""
    handler = type("Handler", (Throttling,), {"target": aws.port, "dice": Random(1)})
    with HttpService(handler) as service:
        yield service.endpoint_url


def unreachable(names: Sequence[str]) -> list[str]:
    """Choose the clients whose servers are down; the first stays well, for it is the first wave."""
    return sorted(Random(2).sample(list(names[1:]), round(DOWN * len(names))))
