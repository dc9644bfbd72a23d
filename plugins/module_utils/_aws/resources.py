# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls about what an account has besides secrets. Whatever goes wrong there raises one kind of error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._codes import Code
from .._errors import RotationError
from .errors import DENIED, denied_action, error_code, translated
from .refusals import UNKNOWN, describe_refusal, meaning_of

MISSING = ("NoSuchEntity", "NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException")
ALLOW = "Allow that to this identity; docs/iam.md has the policy of each duty. Then run the same command again."
# Services that refuse a key without saying so.
ENCRYPTED = ("sns", "logs")
KEY = "Check that the key is enabled and that its policy names the service, as docs/provision.md says."


def read(client: Any, operation: str, doing: str, **arguments: Any) -> dict[str, Any] | None:
    """Return the answer of a call; None where there is no such thing."""
    try:
        return call(client, operation, doing, **arguments)
    except RotationError as error:
        if error.code == Code.AWS_NOT_FOUND:
            return None
        raise


def call(client: Any, operation: str, doing: str, **arguments: Any) -> dict[str, Any]:
    """Return the answer of a call; only RotationError is raised."""
    with translated(doing, client.meta.service_model.service_name, _refusal):
        answer: dict[str, Any] = getattr(client, operation)(**arguments)
    return answer


def read_all(client: Any, operation: str, key: str, doing: str, **arguments: Any) -> Iterator[Any]:
    """Yield what all pages of an answer have under a key; only RotationError is raised."""
    with translated(doing, client.meta.service_model.service_name, _refusal):
        for page in client.get_paginator(operation).paginate(**arguments):
            yield from page[key]


def _refusal(error: Any, doing: str, service: str) -> RotationError:
    code = error_code(error)
    if code in MISSING:
        return RotationError(
            f"Could not {doing}: it does not exist ({code}).",
            code=Code.AWS_NOT_FOUND,
            next_step="Make it first; {playbook|provision} does.",
        )
    if code in DENIED:
        cause = f"AWS does not allow this identity to {doing}: {denied_action(error, service)} is denied."
        return RotationError(cause, code=Code.AWS_DENIED, next_step=ALLOW)
    meaning = meaning_of(service, code)
    of_the_key = service in ENCRYPTED and meaning in (UNKNOWN, meaning_of(service, "InvalidParameter"))
    next_step = KEY if of_the_key else meaning.next_step
    return RotationError(
        f"Could not {doing}: {describe_refusal(error, meaning)}", code=Code.AWS_ERROR, next_step=next_step
    )
