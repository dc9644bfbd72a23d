# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of the queue and the events of the bus that a function takes. Pure.

Nothing here repeats what somebody wrote into an event, but for the client where its name is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .._clean import one_line
from .._codes import Code
from .._context.request import refuse_invalid_overlap
from .._cycle.tags import LONGEST_OVERLAP, SKEW
from .._errors import RotationError
from .._json_text import read_json
from .._module.moment import moment
from .._next_step import Kind, command
from .._reason import REASON_LENGTH, refuse_unfit_reason
from .._secret_name import is_arn, refuse_unfit_name

SCHEMA = 1
SOURCE = "dbops.rotation"
ROTATE, RESET = "Rotation Requested", "Cycle Reset Requested"
SCHEDULED = "scheduled"
NAME_LENGTH = 256
OF_ANY = {"schema", "client", "reason", "requested_by"}
KEYS = {ROTATE: OF_ANY | {"force", "overlap"}, RESET: OF_ANY}
OF_A_VISIT = {"schema", "kind", "client", "secret_id", "bring_forward_days"}
# How a name is told that anybody who may put events can claim.
CLAIM = "says to be "
# The steps of Secrets Manager's own rotation, and the keys of its call.
CREATE, SET, TEST, FINISH = "createSecret", "setSecret", "testSecret", "finishSecret"
STEPS = (CREATE, SET, TEST, FINISH)
UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
OF_A_STEP = ("Step", "SecretId", "ClientRequestToken")


@dataclass(frozen=True)
class Visit:
    """A message of the sweep.

    ``bring_forward_days`` are above 0 where it wants the client today, although its date is later.
    """

    client: str
    secret_id: str
    bring_forward_days: int

    def message(self) -> dict[str, Any]:
        """Return the message of the queue."""
        named = {"client": self.client, "secret_id": self.secret_id, "bring_forward_days": self.bring_forward_days}
        return {"schema": SCHEMA, "kind": SCHEDULED, **named}


@dataclass(frozen=True)
class Request:
    """What an event asks for. ``options`` are those of the engine that it names; ``time`` is when it was put."""

    wish: str
    client: str
    reason: str = field(repr=False)
    requested_by: str
    time: datetime
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """A step of Secrets Manager's own rotation; ``token`` is the version that it has reserved."""

    name: str
    secret_id: str
    token: str
    rotation_token: str | None = field(repr=False)


def is_step(event: Any) -> bool:
    """Return True if Secrets Manager calls, or somebody who means to be it."""
    return isinstance(event, Mapping) and any(key in event for key in OF_A_STEP)


def read_step(event: Mapping[str, Any]) -> Step:
    """Read a call of Secrets Manager. Raises RotationError (invalid_event)."""
    step, secret_id, token = (event.get(key) for key in OF_A_STEP)
    rotation_token = event.get("RotationToken")
    if not all(isinstance(value, str) and value for value in (step, secret_id, token)):
        raise invalid(f"has not all of {', '.join(OF_A_STEP)}")
    if step not in STEPS:
        raise invalid(f"is none of the steps {', '.join(STEPS)}")
    if _is_unfit(str(secret_id)):
        raise invalid("has a SecretId that no secret can have")
    if not re.fullmatch(UUID, str(token)):
        raise invalid("has a ClientRequestToken that is no UUID")
    if not isinstance(rotation_token, str | None):
        raise invalid("has a RotationToken that is no text")
    return Step(str(step), str(secret_id), str(token), rotation_token)


def read_message(body: str, now: datetime) -> Visit | Request:
    """Read a message of the work queue: of the sweep, or a whole event. Raises RotationError (invalid_event)."""
    document = read_json(body)
    if isinstance(document, Mapping) and "detail-type" in document:
        return read_event(document, ROTATE, now)
    if not isinstance(document, Mapping) or document.get("kind") != SCHEDULED:
        raise invalid("is neither a message of the sweep nor an event of the bus")
    return _visit(document)


def read_event(event: Any, wish: str, now: datetime) -> Request:
    """Read an event of the bus, which has to ask for this. Raises RotationError (invalid_event)."""
    if not isinstance(event, Mapping) or event.get("source") != SOURCE or event.get("detail-type") != wish:
        raise invalid(f"is none of the source {SOURCE} with the detail type {wish!r}")
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise invalid("has no detail")
    client = _client(detail)
    try:
        if is_arn(client) or _is_unfit(client):
            raise invalid("names a client that no secret can be called after")
        return Request(wish, client, *_who_and_why(detail), _time(event, now), _options(detail, KEYS[wish]))
    except RotationError as error:
        error.client = client
        raise


def invalid(what: str) -> RotationError:
    """Return the refusal of an event; ``what`` goes on after "The event"."""
    return RotationError(
        f"The event {what}.",
        code=Code.INVALID_EVENT,
        next_step=f"Correct who sends it; docs/lambda.md describes all events, and this is one: {command(Kind.ROTATE)}",
    )


def _visit(document: Mapping[str, Any]) -> Visit:
    client = _client(document)
    _refuse_keys(document, OF_A_VISIT)
    secret_id, days = document.get("secret_id"), document.get("bring_forward_days", 0)
    if not isinstance(secret_id, str) or not secret_id:
        raise invalid("names no secret_id")
    if not _is_number(days) or days < 0:
        raise invalid("has bring_forward_days that are no number of days")
    return Visit(client, secret_id, days)


def _client(document: Mapping[str, Any]) -> str:
    schema, client = document.get("schema"), document.get("client")
    if not _is_number(schema) or schema != SCHEMA:
        raise invalid(f"is not of the schema {SCHEMA}")
    if not isinstance(client, str) or not client or len(client) > NAME_LENGTH or one_line(client) != client:
        raise invalid("names no client")
    return client


def _is_unfit(name: str) -> bool:
    try:
        refuse_unfit_name(name)
    except RotationError:
        return True
    return False


def _who_and_why(detail: Mapping[str, Any]) -> tuple[str, str]:
    reason, claim = detail.get("reason"), detail.get("requested_by", "")
    try:
        refuse_unfit_reason(reason if isinstance(reason, str) else "", "The reason")
    except RotationError:
        raise invalid(f"needs a reason of one line and at most {REASON_LENGTH} characters") from None
    if not isinstance(claim, str) or len(claim) > REASON_LENGTH or not claim.isprintable():
        raise invalid("has a requested_by that is no text of one line")
    return str(reason), f"{CLAIM}{claim}" if claim else ""


def _time(event: Mapping[str, Any], now: datetime) -> datetime:
    """Return when the event was put; one that lies ahead would let each copy of it rotate once more."""
    try:
        time = moment("time", str(event.get("time", ""))).astimezone(UTC)
    except (RotationError, OverflowError):
        raise invalid("says no time") from None
    if time > now + SKEW:
        raise invalid("has a time that lies ahead")
    return time


def _options(detail: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    _refuse_keys(detail, known)
    if not isinstance(detail.get("force", False), bool):
        raise invalid("has a force that is neither true nor false")
    if not _is_overlap(detail.get("overlap", 0)):
        raise invalid(f"has an overlap that is no number of seconds from 0 to {LONGEST_OVERLAP.total_seconds():.0f}")
    return {name: detail[name] for name in ("force", "overlap") if name in detail}


def _is_overlap(value: Any) -> bool:
    try:
        refuse_invalid_overlap(value if _is_number(value) else -1)
    except RotationError:
        return False
    return True


def _refuse_keys(document: Mapping[str, Any], known: set[str]) -> None:
    if document.keys() - known:
        raise invalid(f"has keys besides {', '.join(sorted(known))}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
