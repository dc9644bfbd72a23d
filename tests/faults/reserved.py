# SPDX-License-Identifier: GPL-3.0-or-later
"""A version that Secrets Manager has reserved for its own rotation, which the emulator cannot, and its steps."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from typing import Any

from http_messages import Fate
from rotation_service import FUNCTION_ARN, STEPS, rotated_by, with_reserved

from ansible_collections.dbops.rotation.plugins.module_utils._lambda import record
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.invocation import Invocation
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.native import follow_step
from ansible_collections.dbops.rotation.plugins.module_utils._readers import Function, reading

SECONDS = 180.0


class Reserved:
    """It is AWSPENDING, without a value, until somebody stores one there, or puts it aside."""

    def __init__(self) -> None:
        """Reserve a version."""
        self.token = str(uuid.uuid4())
        self.is_empty = True

    def told(self, answer: Fate, *, late: bool = False) -> Fate:
        """AWS's answer about the secret, with the version in it; a late one is of before the last write."""
        if answer.status != 200:
            return answer
        description = json.loads(answer.answer)
        if self.is_empty or (late and self.token not in description["VersionIdsToStages"]):
            description = with_reserved(description, self.token)
        return Fate(answer=json.dumps({**description, **rotated_by(FUNCTION_ARN)}).encode())

    def note(self, operation: str, answer: Fate) -> None:
        """Whoever stores a version takes AWSPENDING: with this id it has a value then, with another it is put aside."""
        if operation == "PutSecretValue" and answer.status == 200:
            self.is_empty = False

    def events(self, secret_id: str) -> list[dict[str, str]]:
        """The four calls of the function."""
        return [{"Step": step, "SecretId": secret_id, "ClientRequestToken": self.token} for step in STEPS]


def follow(events: list[dict[str, str]], environment: Mapping[str, str]) -> None:
    """Call the function as Secrets Manager does; raises RotationError at the first step that fails."""
    os.environ.update({name: text for name, text in environment.items() if name.startswith("AWS_")})
    with reading(Function()):
        for event in events:
            follow_step(event, invocation(environment))


def hide_lines() -> None:
    """Hide the lines of a function among those of the matrix; what a disturbed run writes is kept with its output."""
    record.show = lambda line: None


def invocation(environment: Mapping[str, str]) -> Invocation:
    """A call of the function with time enough."""
    return Invocation("dbops-rotation-rotate", str(uuid.uuid4()), lambda: SECONDS, environment)


def variables_of(events: list[dict[str, str]], environment: Mapping[str, str]) -> dict[str, Any]:
    """What tests/faults/native.yml needs."""
    return {"native_events": events, "native_environment": dict(environment)}
