# SPDX-License-Identifier: GPL-3.0-or-later
"""What the functions take as messages and events, and what they refuse without repeating it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from function_calls import bus_event, detail, visit

from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.events import (
    RESET,
    ROTATE,
    Request,
    Visit,
    read_event,
    read_message,
)

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
MARK = "Hidden-Value-1234"


def rotation(**more: Any) -> dict[str, Any]:
    return bus_event(ROTATE, detail(**more), NOW)


def without(event: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != key}


def test_a_whole_event_is_a_message() -> None:
    request = read_message(json.dumps(rotation(requested_by="alice", force=True, overlap=60)), NOW)
    assert isinstance(request, Request)
    assert (request.client, request.reason, request.time) == ("client_acme", "leaked in a ticket", NOW)
    assert request.requested_by == "says to be alice" and request.options == {"force": True, "overlap": 60}


def test_a_message_of_the_sweep_comes_back_as_it_was() -> None:
    sent = Visit("client_acme", "clients/client_acme/mysql/root", 22)
    assert read_message(json.dumps(sent.message()), NOW) == sent


def test_who_asked_may_be_left_out() -> None:
    assert read_event(rotation(), ROTATE, NOW).requested_by == ""


BAD_DETAILS: list[tuple[dict[str, Any], str]] = [
    ({"schema": 2}, "is not of the schema 1"),
    ({"schema": True}, "is not of the schema 1"),
    ({"client": ""}, "names no client"),
    ({"client": 7}, "names no client"),
    ({"client": f"{MARK}\n"}, "names no client"),
    ({"client": "x" * 257}, "names no client"),
    ({"reason": ""}, "needs a reason"),
    ({"reason": ["x"]}, "needs a reason"),
    ({"reason": f"{MARK}\nx"}, "needs a reason"),
    ({"reason": MARK * 20}, "needs a reason"),
    ({"requested_by": 7}, "has a requested_by that is no text"),
    ({"requested_by": f"{MARK}\x1b"}, "has a requested_by that is no text"),
    ({"force": "yes"}, "has a force that is neither true nor false"),
    ({"overlap": "60"}, "has an overlap that is no number"),
    ({"overlap": True}, "has an overlap that is no number"),
    ({"overlap": -1}, "has an overlap that is no number of seconds from 0 to 2592000"),
    ({"overlap": 2592001}, "has an overlap that is no number of seconds from 0 to 2592000"),
    ({"client": "arn:x"}, "names a client that no secret can be called after"),
    ({"client": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:clients/client_acme"}, "names a client that"),
    ({MARK: 1}, "has keys besides client, force, overlap, reason, requested_by, schema"),
    ({"secret_id": "other"}, "has keys besides"),
    ({"min_age": 0}, "has keys besides"),
]


@pytest.mark.parametrize(("more", "told"), BAD_DETAILS)
def test_a_malformed_detail_is_refused(more: dict[str, Any], told: str) -> None:
    refused(json.dumps(rotation(**more)), told)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (MARK, "is neither a message of the sweep nor an event of the bus"),
        ("[]", "is neither a message"),
        ("{}", "is neither a message"),
        ('{"kind": "scheduled", "kind": "scheduled"}', "is neither a message"),
        ("[" * 100000, "is neither a message"),
        (json.dumps({"schema": 1, "kind": MARK, "client": "x"}), "is neither a message"),
        (json.dumps(visit("", "x")), "names no client"),
        (json.dumps(visit("client_acme", "")), "names no secret_id"),
        (
            json.dumps({**visit("client_acme", "x"), "bring_forward_days": "22"}),
            "bring_forward_days that are no number",
        ),
        (json.dumps({**visit("client_acme", "x"), MARK: 1}), "has keys besides"),
        (json.dumps({**rotation(), "source": MARK}), "is none of the source dbops.rotation"),
        (json.dumps({**rotation(), "detail-type": RESET}), "is none of the source dbops.rotation"),
        (json.dumps({**rotation(), "detail": MARK}), "has no detail"),
        (json.dumps(without(rotation(), "time")), "says no time"),
        (json.dumps({**rotation(), "time": MARK}), "says no time"),
        (json.dumps({**rotation(), "time": "0001-01-01T00:00:00+14:00"}), "says no time"),
        (json.dumps({**rotation(), "time": "2026-11-29T12:00:00"}), "says no time"),
        (json.dumps({**rotation(), "time": "2026-11-29T12:10:00Z"}), "has a time that lies ahead"),
    ],
)
def test_what_is_no_message_is_refused(body: str, told: str) -> None:
    refused(body, told)


def refused(body: str, told: str) -> None:
    with pytest.raises(RotationError) as caught:
        read_message(body, NOW)
    assert caught.value.code == "invalid_event" and told in caught.value.cause
    assert MARK not in f"{caught.value} {caught.value.next_step} {caught.value.client}"


def test_a_clock_may_be_a_little_ahead() -> None:
    assert read_event(bus_event(ROTATE, detail(), NOW + timedelta(minutes=4)), ROTATE, NOW).client == "client_acme"


def test_a_reset_takes_neither_force_nor_overlap() -> None:
    assert read_event(bus_event(RESET, detail(), NOW), RESET, NOW).wish == RESET
    with pytest.raises(RotationError, match="has keys besides client, reason"):
        read_event(bus_event(RESET, detail(force=True), NOW), RESET, NOW)


def test_a_refusal_names_the_client_where_the_event_does() -> None:
    with pytest.raises(RotationError) as caught:
        read_event(rotation(reason=""), ROTATE, NOW)
    assert caught.value.client == "client_acme"
