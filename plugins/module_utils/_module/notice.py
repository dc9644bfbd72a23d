# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation rotation_notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from .. import _operations
from .._aws.secret_store import SecretStore
from .._cycle import tags
from .._cycle.notice_state import NoticeState, read_notice_state
from .._errors import RotationError
from .._events import EVENTS, FAILED, OFFBOARDED, OVERDUE, ROTATED, UPCOMING
from .._notice.notice import Notice
from .._notice.publish import publish
from .._stamp import stamp
from .._triggers import SCHEDULED, TRIGGERS
from .operation import Operation
from .options import AWS_SPEC, CLIENT_SPEC, DATABASE_SPEC, client_name, secret_store, sns_client

TEXTS = (
    *("environment", "trigger", "reason", "requested_by", "version_id", "previous_version_id", "last", "due"),
    *("expected", "failed_at", "step", "code", "cause", "state_left", "next_step", "subject", "text"),
    "deletion_date",
)
NUMBERS = ("days_left", "notice_days", "failures")


def _notice(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    now = datetime.now(UTC)
    texts = {name: params[name] or "" for name in TEXTS}
    if params["event"] == FAILED:
        texts["failed_at"] = texts["failed_at"] or stamp(now)
    notice = Notice(
        event=params["event"],
        client=client_name(params),
        secret_id=params["secret_id"],
        time=now,
        days_left=params["days_left"],
        notice_days=params["notice_days"],
        failures=params["failures"] or 0,
        **texts,
    )
    if check:
        return {**_content(notice), **_outcome(notice, delivered=False, message="would be sent"), "changed": True}
    return {**_content(notice), **_send_once(notice, params)}


def _send_once(notice: Notice, params: Mapping[str, Any]) -> dict[str, Any]:
    """Send the notice, unless it was sent, and remember that; trouble is a warning, never a failure."""
    warnings: list[str] = []
    store = _store(params, warnings)
    state = _notice_state(store, notice, warnings)
    if state and _mark(state, notice) == state:
        return _outcome(notice, delivered=True, message="had been sent already", warnings=warnings)
    try:
        client = sns_client(params, params["topic_arn"])
        message = publish(client, params["topic_arn"], notice, params["assume_role_arn"])
    except RotationError as error:
        lost = f"{notice.client}: the notice {notice.event!r} was not delivered."
        warnings.append(f"{lost} {error.told(notice.client)}")
        return _outcome(notice, delivered=False, message="was not delivered", warnings=warnings)
    if store and state:
        _remember(store, _mark(state, notice), warnings)
    outcome = _outcome(notice, delivered=True, message="was sent", warnings=warnings)
    return {**outcome, "changed": True, "message_id": message}


def _store(params: Mapping[str, Any], warnings: list[str]) -> SecretStore | None:
    if not params["secret_id"]:
        return None  # a function refused an event, so whose secret it is about is not known
    try:
        return secret_store(params)
    except RotationError as error:
        warnings.append(f"What has been told could not be read: {error.cause}")
        return None


def _notice_state(store: SecretStore | None, notice: Notice, warnings: list[str]) -> NoticeState | None:
    """Read which notices went out; None where that cannot be read, so that nothing may be written over it."""
    if notice.event == ROTATED and notice.days_left is None:  # only one that is owed says when it is due
        return NoticeState()  # right after a rotation no other notice went out, and one call is spared
    if notice.event == OFFBOARDED:
        return None  # a secret that waits for its deletion takes no tag
    try:
        return read_notice_state(store.describe().tags) if store else None
    except RotationError as error:
        warnings.append(f"What has been told could not be read, so the notice may come again: {error.cause}")
        return None


def _mark(state: NoticeState, notice: Notice) -> NoticeState:
    """Return which notices went out, this one among them."""
    if notice.event == ROTATED:
        return replace(state, rotated=notice.version_id)
    if notice.event == FAILED:
        return replace(state, failed=notice.failed_at)
    return state.with_sent(notice.due, str(notice.notice_days) if notice.event == UPCOMING else OVERDUE)


def _remember(store: SecretStore, state: NoticeState, warnings: list[str]) -> None:
    try:
        store.tag({tags.NOTIFIED: state.tag()})
    except RotationError as error:
        warnings.append(f"That the notice was sent could not be remembered, so it may come again: {error.cause}")


def _content(notice: Notice) -> dict[str, Any]:
    return {
        "client": notice.client,
        "event": notice.event,
        "notice_id": notice.notice_id,
        "subject": notice.sent_subject,
        "attributes": notice.attributes(),
        "body": notice.body(),
        "text": notice.people_text(),
    }


def _outcome(notice: Notice, *, delivered: bool, message: str, warnings: list[str] | None = None) -> dict[str, Any]:
    return {
        "changed": False,
        "delivered": delivered,
        "message_id": None,
        "msg": f"{notice.client}: the notice {notice.event!r} {message}: {notice.sent_subject}",
        "warnings": warnings or [],
    }


NOTICE = Operation(
    declared=_operations.NOTICE,
    spec={
        **CLIENT_SPEC,
        "event": {"type": "str", "choices": list(EVENTS), "required": True},
        "topic_arn": {"type": "str", "required": True},
        "details": {"type": "dict"},
        "template": {"type": "str"},
        "client_options": {"type": "str"},
        **{name: {"type": "str"} for name in TEXTS},
        "trigger": {"type": "str", "choices": list(TRIGGERS), "default": SCHEDULED},
        **{name: {"type": "int"} for name in NUMBERS},
        **DATABASE_SPEC,
        **AWS_SPEC,
    },
    work=_notice,
    lines=("text",),
    required_if=(
        ("event", UPCOMING, ("due", "notice_days")),
        ("event", ROTATED, ("version_id",)),
        ("event", OVERDUE, ("due",)),
        ("event", OFFBOARDED, ("deletion_date",)),
    ),
)
