# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error that AWS documents for a call that is made has a meaning and a next step, and its words hold no value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._aws.errors import DENIED, translated
from ansible_collections.dbops.rotation.plugins.module_utils._aws.refusals import (
    COMMON,
    OF_SERVICE,
    UNKNOWN,
    Refusal,
    meaning_of,
)
from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import GRANTS
from ansible_collections.dbops.rotation.plugins.module_utils._notice.notice import Notice
from ansible_collections.dbops.rotation.plugins.module_utils._notice.publish import publish
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import SecretValue

NOTICE = Notice("rotated", "client_acme", "clients/client_acme", datetime(2026, 11, 28, tzinfo=UTC))
PASSWORD = "Hidden-Value-1234"
# Documented, but not in the service models: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
BESIDES = {
    "sts": "ExpiredToken RequestExpired InvalidClientTokenId SignatureDoesNotMatch IDPRejectedClaim",
    "sns": "ExpiredToken RequestExpired InvalidClientTokenId SignatureDoesNotMatch InvalidParameterValue Throttling",
    "secretsmanager": "ExpiredTokenException UnrecognizedClientException InvalidSignatureException ThrottlingException",
    "logs": "ExpiredTokenException UnrecognizedClientException InvalidSignatureException ThrottlingException",
}
OURS = (
    *("secretsmanager:PutResourcePolicy", "secretsmanager:GetResourcePolicy", "secretsmanager:DeleteResourcePolicy"),
    *("sns:SetTopicAttributes", "logs:AssociateKmsKey", "logs:DescribeLogGroups", "sts:GetCallerIdentity"),
    *("iam:SimulatePrincipalPolicy", "ssm:GetParameters", "ssm:PutParameter", "ssm:DeleteParameter"),
    *("secretsmanager:RotateSecret", "secretsmanager:CancelRotateSecret"),
)
OWN = ("ResourceNotFoundException", "ResourceExistsException")  # told in sentences of their own


@cache
def model(service: str) -> Any:
    return get_session().get_service_model(service)


def called() -> set[tuple[str, str]]:
    """Return the calls of our own modules; those of the provisioner are made by others, but for the few named here."""
    allowed = {grant.action for duty, grants in GRANTS.items() if duty != "provisioner" for grant in grants}
    found = {tuple(action.split(":")) for action in (*allowed, *OURS)}
    return {(service, name) for service, name in found if service in OF_SERVICE}


def documented() -> Iterator[tuple[str, str]]:
    for service, operation in called():
        for shape in model(service).operation_model(operation).error_shapes:
            yield service, shape.metadata.get("error", {}).get("code") or shape.name
    for service, codes in BESIDES.items():
        yield from ((service, code) for code in codes.split())


def is_told_elsewhere(service: str, code: str) -> bool:
    return code in DENIED or (service == "secretsmanager" and code in OWN)


CODES = sorted({(service, code) for service, code in documented() if not is_told_elsewhere(service, code)})


@pytest.mark.parametrize(("service", "code"), CODES)
def test_a_documented_error_has_a_meaning_and_a_next_step(service: str, code: str) -> None:
    meaning = meaning_of(service, code)
    assert meaning is not UNKNOWN and meaning.what and meaning.next_step


def test_the_table_is_asked_of_many_errors() -> None:
    assert len(CODES) > 40


@pytest.mark.parametrize("meaning", [*COMMON.values(), *(one for of in OF_SERVICE.values() for one in of.values())])
def test_every_meaning_has_a_next_step(meaning: Refusal) -> None:
    assert meaning.next_step.endswith(".")


class Answering:
    """A client of any service that answers every call with one error."""

    def __init__(self, code: str, message: str) -> None:
        self.error = ClientError({"Error": {"Code": code, "Message": message}}, "CreateSecret")

    def __getattr__(self, _operation: str) -> Any:
        def answer(**_arguments: Any) -> Any:
            raise self.error

        return answer


def stored(code: str, message: str) -> RotationError:
    """Try to create a secret, which AWS refuses in these words."""
    document = {"engine": "mysql", "host": "db", "username": "root", "password": PASSWORD, "api": 'quo"ted'}
    error = refusal_of(
        SecretStore(Answering(code, message), "clients/acme").create, SecretValue(document), "v", {}, None
    )
    return error


def test_the_sentence_of_aws_is_kept_where_it_speaks_of_names() -> None:
    told = stored("InvalidParameterException", "You provided a tag with\nan invalid value.")
    assert told.code == "aws_state"
    assert "(InvalidParameterException: You provided a tag with an invalid value)." in told.cause


@pytest.mark.parametrize(
    "words",
    [f"Bad value {PASSWORD}", json.dumps({"password": PASSWORD}), 'of quo"ted', "1 validation error detected: x"],
)
def test_a_sentence_that_holds_what_was_to_be_stored_is_not_told(words: str) -> None:
    assert stored("InvalidRequestException", words).cause.endswith("(InvalidRequestException).")


@pytest.mark.parametrize(
    "code", ["ValidationException", "SignatureDoesNotMatch", "IncompleteSignature", "SomethingNew"]
)
def test_of_errors_that_repeat_what_was_sent_no_word_is_told(code: str) -> None:
    assert "xyzzy" not in str(stored(code, "The Canonical String was xyzzy"))


def test_a_sentence_is_cut() -> None:
    assert len(stored("InvalidRequestException", "long " * 1000).cause) < 500


def test_the_state_of_a_topics_key_is_told_with_its_remedy() -> None:
    answering = Answering("KMSInvalidState", "arn:aws:kms:eu-central-1:123456789012:key/x is pending deletion.")
    error = refusal_of(publish, answering, "arn:aws:sns:eu-central-1:123456789012:x", NOTICE)
    assert "key/x is pending deletion)" in error.cause
    assert "aws kms cancel-key-deletion" in error.next_step


@pytest.mark.parametrize(("code", "what"), [("403", "not AWS, but a proxy"), ("503", "not available")])
def test_an_answer_without_a_code_is_not_taken_for_one_of_aws(code: str, what: str) -> None:
    with pytest.raises(RotationError, match=what), translated("read", "sts"):
        raise ClientError({"Error": {"Code": code, "Message": "<html>"}}, "AssumeRole")
