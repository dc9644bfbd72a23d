# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of the functions as Lambda makes them, and what they write to their output."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from typing import Any

FUNCTION = "dbops-rotation-rotate"
BUS_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass
class Context:
    """What Lambda hands over beside the event."""

    seconds: float = 180.0
    function_name: str = FUNCTION
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class Call:
    """One call that has ended: what it gave or raised, and its output."""

    answer: Any
    raised: BaseException | None
    output: str

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the audit events of a kind."""
        return [event for event in self.events if event["kind"] == kind]


def call(handler: Callable[[Any, Any], Any], event: Any, context: Context | None = None) -> Call:
    """Call a handler as Lambda does."""
    output, answer, raised = StringIO(), None, None
    with redirect_stdout(output):
        try:
            answer = handler(event, context or Context())
        except BaseException as error:
            raised = error
    return Call(answer, raised, output.getvalue())


def bus_event(wish: str, detail: Mapping[str, Any], time: datetime | None = None, **more: Any) -> dict[str, Any]:
    """Return an event as EventBridge hands it to its targets."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": wish,
        "source": "dbops.rotation",
        "account": "123456789012",
        "time": (time or datetime.now(UTC)).strftime(BUS_TIME),
        "region": "eu-central-1",
        "resources": [],
        "detail": dict(detail),
        **more,
    }


def detail(client: str = "client_acme", **more: Any) -> dict[str, Any]:
    """Return the detail of an event that is right."""
    return {"schema": 1, "client": client, "reason": "leaked in a ticket", **more}


def queue_event(*bodies: Any) -> dict[str, Any]:
    """Return what SQS hands over."""
    return {
        "Records": [
            {
                "messageId": str(uuid.uuid4()),
                "receiptHandle": "x",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
                "awsRegion": "eu-central-1",
            }
            for body in bodies
        ]
    }


def visit(client: str, secret_id: str, bring_forward_days: int = 0) -> dict[str, Any]:
    """Return a message of the sweep."""
    return {
        "schema": 1,
        "kind": "scheduled",
        "client": client,
        "secret_id": secret_id,
        "bring_forward_days": bring_forward_days,
    }
