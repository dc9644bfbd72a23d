# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS answered before the last write: for reads that are one state late."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from http_messages import Fate

from .steps import Step


class History:
    """The state of one secret before the last write to it, as answers to requests."""

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        """Take the function that reads the state, see `state_of`."""
        self._read = read
        self.wanted = False
        self.late = False
        self._before: dict[str, Any] = {}

    def remember_now(self) -> None:
        """Remember the state as it is."""
        self._before = self._read()

    async def remember(self) -> None:
        """Remember the state, if anybody is going to ask for it."""
        if self.wanted:
            await asyncio.to_thread(self.remember_now)

    def late_answer(self, request: dict[str, Any], step: Step) -> Fate | None:
        """The answer of the state before, while answers are late."""
        if not self.late or not self._before:
            return None
        if step.operation == "DescribeSecret":
            return Fate(answer=json.dumps(self._before["description"]).encode())
        return self._late_value(request)

    def _late_value(self, request: dict[str, Any]) -> Fate:
        version, stage = request.get("VersionId"), request.get("VersionStage")
        stages = self._before["description"]["VersionIdsToStages"]
        found = [name for name, labels in stages.items() if version in (None, name) and (not stage or stage in labels)]
        if found and found[0] in self._before["values"]:
            return Fate(answer=json.dumps(self._before["values"][found[0]]).encode())
        told = {"__type": "ResourceNotFoundException", "message": "Secrets Manager can't find the specified secret."}
        return Fate(status=400, answer=json.dumps(told).encode())


def state_of(aws: Any, secret_id: str) -> dict[str, Any]:
    """What DescribeSecret and GetSecretValue answer, as JSON has it."""
    description = plain(aws.describe_secret(SecretId=secret_id))
    versions = description["VersionIdsToStages"]
    values = {version: plain(aws.get_secret_value(SecretId=secret_id, VersionId=version)) for version in versions}
    return {"description": description, "values": values}


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of the SDK as AWS sends it: moments are numbers."""
    body = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    return {name: value.timestamp() if hasattr(value, "timestamp") else value for name, value in body.items()}
