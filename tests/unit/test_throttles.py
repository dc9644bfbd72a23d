# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of AWS that ask for less are counted, and botocore asks again as it always does."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from emulated import client_of
from urllib3 import HTTPResponse

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import RETRIES
from ansible_collections.dbops.rotation.plugins.module_utils._aws.throttles import Throttles
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError


@pytest.fixture(autouse=True)
def no_pause_between_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_arguments: 0)


def answering(*codes: str) -> SecretStore:
    """A store whose service gives these errors, one after the other, and then does as it is told."""
    client = client_of("secretsmanager", config=Config(retries=RETRIES))
    left = list(codes)

    def answer(request: Any, **_about: Any) -> AWSResponse:
        code = left.pop(0) if left else ""
        body = io.BytesIO(json.dumps({"__type": code} if code else {}).encode())
        return AWSResponse(request.url, 400 if code else 200, {}, HTTPResponse(body, preload_content=False))

    client.meta.events.register("before-send", answer)
    throttles = Throttles()
    throttles.watch(client)
    return SecretStore(client, "clients/client_acme/mysql/root", throttles=throttles)


@pytest.mark.parametrize("code", ["ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"])
def test_a_throttled_call_is_sent_again_and_counted(code: str) -> None:
    store = answering(code, code)
    store.tag({"a": "b"})
    assert store.throttles.count == 2 and store.calls == {"tag_resource": 1}


def test_a_call_that_is_throttled_to_the_end_counts_every_answer() -> None:
    store = answering(*["ThrottlingException"] * 9)
    with pytest.raises(RotationError, match="AWS throttles the calls and did so through every retry"):
        store.tag({"a": "b"})
    assert store.throttles.count == RETRIES["total_max_attempts"]


def test_other_errors_do_not_count() -> None:
    store = answering("RequestTimeout", "AccessDeniedException")
    with pytest.raises(RotationError):
        store.tag({"a": "b"})
    assert store.throttles.count == 0


def test_the_secrets_of_one_run_are_counted_together() -> None:
    store = answering("ThrottlingException")
    store.sibling("clients/client_globex/mysql/root").tag({"a": "b"})
    assert store.throttles.count == 1
