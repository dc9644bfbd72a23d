# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager's own rotation, in front of an emulator that has none: it reserves versions and calls the function.

moto 5.2.5 cannot: it refuses AWSPENDING on AWSCURRENT and takes it apart, the reverse of AWS. Whoever asks here sees a
reserved version without a value, as AWS shows it:
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from faulty_proxy import REPLICA_REGION, FaultyProxy
from http_messages import Fate, Request

PENDING, CURRENT = "AWSPENDING", "AWSCURRENT"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
FUNCTION_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:dbops-rotation-rotate"
ATTEMPTS = 3
MISSING = Fate(status=400, answer=b'{"__type": "ResourceNotFoundException", "message": "There is no such version."}')


def with_reserved(told: Mapping[str, Any], token: str, key: str = "VersionIdsToStages") -> dict[str, Any]:
    """Return what is told of a secret, with AWSPENDING on a version that has no value."""
    stages = {version: [label for label in labels if label != PENDING] for version, labels in told[key].items()}
    return {**told, key: {**stages, token: [PENDING]}}


def rotated_by(function: str) -> dict[str, Any]:
    """Return what is told of the function that rotates a secret."""
    return {"RotationEnabled": True, "RotationLambdaARN": function}


class RotationService(FaultyProxy):
    """Forwards every request; `calls` counts those of Secrets Manager, and `reserved` holds what has no value yet.

    `replica` is the state of a replica region of every secret, where there is to be one.
    """

    def __init__(self, target: str, ask: Callable[..., Mapping[str, Any]]) -> None:
        """Take the emulator's address, and how to ask it past this service: ask(operation, **arguments)."""
        super().__init__(target)
        self.calls: Counter[str] = Counter()
        self.functions: dict[str, str] = {}
        self.reserved: dict[str, str] = {}
        self.replica = ""
        self._ask = ask
        self._turn = asyncio.Lock()

    def enable(self, secret_id: str, function: str = FUNCTION_ARN) -> None:
        """Let a function rotate a secret."""
        self.functions[secret_id] = function

    def reserve(self, secret_id: str) -> str:
        """Return the version of a rotation that begins: a reserved one, or the one that the last has left."""
        stages = self.stages(secret_id)
        if stages.get(PENDING) in (None, stages[CURRENT]):
            if PENDING in stages:
                self._take_label(secret_id, stages[PENDING])
            self.reserved[secret_id] = str(uuid.uuid4())
        return self.reserved.get(secret_id) or stages[PENDING]

    def rotate(self, secret_id: str, function: Callable[[dict[str, str]], object], attempts: int = ATTEMPTS) -> str:
        """Call the four steps, and all of them again where one fails; raises what the last attempt raised."""
        token = self.reserve(secret_id)
        for attempt in range(1, attempts + 1):
            try:
                for step in STEPS:
                    function(self.event(secret_id, step, token))
            except BaseException:
                if attempt == attempts:
                    raise
            else:
                break
        stages = self.stages(secret_id)
        if stages.get(PENDING) == stages[CURRENT]:
            self._take_label(secret_id, stages[PENDING])
        return token

    def event(self, secret_id: str, step: str, token: str) -> dict[str, str]:
        """Return what the function is handed."""
        arn = self._ask("describe_secret", SecretId=secret_id)["ARN"]
        return {"Step": step, "SecretId": arn, "ClientRequestToken": token}

    def stages(self, secret_id: str) -> dict[str, str]:
        """Return which version each stage is on."""
        told = self._shown(dict(self._ask("describe_secret", SecretId=secret_id)))
        return {stage: version for version, stages in told["VersionIdsToStages"].items() for stage in stages}

    async def answer(self, request: Request, reader: asyncio.StreamReader) -> Fate:
        """Answer as AWS does while a version is reserved."""
        if request.service != "secretsmanager":
            return await super().answer(request, reader)
        async with self._turn:
            self.calls[request.operation] += 1
            asked = json.loads(request.body)
            if request.operation == "GetSecretValue" and asked.get("VersionId") in self.reserved.values():
                return MISSING
            answer = await super().answer(request, reader)
            if answer.status == 200:
                self._note(request.operation, asked)
                answer = Fate(answer=self._with_reserved(request.operation, answer.answer))
            return answer

    def _note(self, operation: str, asked: Mapping[str, Any]) -> None:
        """Free the version once a value is under AWSPENDING, in it or, if another run took over, in another."""
        if operation == "PutSecretValue" and PENDING in asked.get("VersionStages", ()):
            self.reserved.pop(self._name(asked["SecretId"]), None)

    def _with_reserved(self, operation: str, text: bytes) -> bytes:
        answer = json.loads(text)
        if operation == "DescribeSecret":
            return json.dumps(self._shown(answer)).encode()
        if operation == "ListSecrets":
            listed = [self._shown(one, "SecretVersionsToStages") for one in answer["SecretList"]]
            return json.dumps({**answer, "SecretList": listed}).encode()
        return text

    def _shown(self, told: dict[str, Any], key: str = "VersionIdsToStages") -> dict[str, Any]:
        name = told["Name"]
        enabled = rotated_by(self.functions[name]) if name in self.functions else {}
        token, shown = self.reserved.get(name), {key: {}, **told}
        if token:
            shown = with_reserved(shown, token, key)
        replicas = {"ReplicationStatus": [{"Region": REPLICA_REGION, "Status": self.replica}]} if self.replica else {}
        return {**shown, **enabled, **replicas}

    def _name(self, secret_id: str) -> str:
        return str(self._ask("describe_secret", SecretId=secret_id)["Name"])

    def _take_label(self, secret_id: str, version: str) -> None:
        self._ask("update_secret_version_stage", SecretId=secret_id, VersionStage=PENDING, RemoveFromVersionId=version)
