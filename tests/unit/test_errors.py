# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failure tells: every part a person needs, and never a text that may hold a value."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

import pytest
from botocore import exceptions
from pymysql import err

from ansible_collections.dbops.rotation.plugins.module_utils._aws.errors import DENIED, SWAP, translated
from ansible_collections.dbops.rotation.plugins.module_utils._aws.library_errors import CLIENT_SIDE
from ansible_collections.dbops.rotation.plugins.module_utils._aws.refusals import COMMON
from ansible_collections.dbops.rotation.plugins.module_utils._db.errors import DIAGNOSES, diagnose
from ansible_collections.dbops.rotation.plugins.module_utils._errors import (
    ConnectionLost,
    LoginRefused,
    PolicyRefused,
    RotationError,
    SecretDenied,
    SecretNotFound,
    SwapLost,
)

HIDDEN = "Hidden-Value-1234"
PLACE = "db.invalid:3306"
KEY_TROUBLE = ("DecryptionFailure", "EncryptionFailure")


def located(error: RotationError) -> str:
    error.locate(client="acme", step="apply", state="Nothing was changed.", next_step="Run it again.")
    return str(error)


def test_a_failure_tells_client_step_cause_state_and_next_command() -> None:
    assert located(RotationError("It broke.", code="x")) == (
        "acme: stopped at step 'apply': It broke. State: Nothing was changed. Next: Run it again."
    )


def test_what_the_raiser_said_stands() -> None:
    told = located(RotationError("It broke.", code="x", next_step="Do this.", state="Half done."))
    assert told.endswith("It broke. State: Half done. Next: Do this.")


def test_the_first_step_that_is_left_is_the_one_told() -> None:
    error = RotationError("It broke.", code="x")
    error.locate(client="acme", step="open", state="", next_step="")
    assert "step 'open'" in located(error)


@pytest.mark.parametrize(
    ("client", "step", "expected"),
    [("", "", "It broke."), ("acme", "", "acme: It broke."), ("", "open", ": stopped at step 'open': It broke.")],
)
def test_a_failure_without_a_place_is_a_sentence(client: str, step: str, expected: str) -> None:
    error = RotationError("It broke.", code="x")
    error.locate(client=client, step=step, state="", next_step="")
    assert str(error) == expected


@pytest.mark.parametrize("number", sorted(DIAGNOSES))
def test_a_known_error_number_of_the_server_is_diagnosed_without_its_text(number: int) -> None:
    error = diagnose(err.OperationalError(number, f"near '{HIDDEN}'"), PLACE)
    known = DIAGNOSES[number]
    assert (type(error), error.code) == (known.kind, known.code)
    assert PLACE in error.cause and str(number) in error.cause
    assert HIDDEN not in str(error)


@pytest.mark.parametrize("number", sorted(set(DIAGNOSES) - {3638, 1524}))
def test_a_diagnosis_says_what_to_do(number: int) -> None:
    assert DIAGNOSES[number].next_step


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [((1045, 1698), LoginRefused), ((2006, 2013, 1053, 1927), ConnectionLost), ((1819, 3638), PolicyRefused)],
)
def test_errors_that_are_acted_upon_have_their_own_kind(numbers: Iterable[int], kind: type[RotationError]) -> None:
    assert {type(diagnose(err.OperationalError(number), PLACE)) for number in numbers} == {kind}


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        pytest.param(err.ProgrammingError(1064, f"near '{HIDDEN}'"), "database_error", id="syntax"),
        pytest.param(err.OperationalError(f"odd {HIDDEN}"), "database_error", id="text for a number"),
        pytest.param(err.OperationalError(), "database_error", id="nothing"),
        pytest.param(err.InterfaceError(0, HIDDEN), "connection_lost", id="closed"),
        pytest.param(RuntimeError(HIDDEN), "database_error", id="no server error"),
        pytest.param(UnicodeEncodeError("ascii", HIDDEN, 0, 1, HIDDEN), "database_error", id="encoding"),
        pytest.param(ConnectionRefusedError(111, "Connection refused"), "server_unreachable", id="refused"),
        pytest.param(TimeoutError(), "server_unreachable", id="timeout"),
    ],
)
def test_any_other_error_is_told_by_its_kind_only(raised: Exception, code: str) -> None:
    error = diagnose(raised, PLACE)
    assert error.code == code
    assert PLACE in error.cause and HIDDEN not in str(error)


def certificate_error(verify_code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = verify_code, "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        pytest.param(certificate_error(62), "tls_name", id="name"),
        pytest.param(certificate_error(64), "tls_name", id="address"),
        pytest.param(certificate_error(18), "tls_untrusted", id="self-signed"),
        pytest.param(certificate_error(10), "tls_untrusted", id="expired"),
        pytest.param(ssl.SSLError(1, "alert"), "tls_failed", id="handshake"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_tls_trouble_is_told_apart(raised: ssl.SSLError, code: str, wrapped: bool) -> None:
    outer: Exception = err.OperationalError(2003, "Can't connect") if wrapped else raised
    if wrapped:
        outer.original_exception = raised  # type: ignore[attr-defined]
    error = diagnose(outer, PLACE)
    assert error.code == code and error.next_step and PLACE in error.cause


def service_error(code: str, message: str = HIDDEN) -> exceptions.ClientError:
    return exceptions.ClientError({"Error": {"Code": code, "Message": message}}, "GetSecretValue")


def translate(error: Exception) -> RotationError:
    with pytest.raises(RotationError) as caught, translated("read the secret 'x'"):
        raise error
    assert caught.value.__suppress_context__  # a traceback would show the original with its text
    assert HIDDEN not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("codes", "kind", "code"),
    [
        (("ResourceNotFoundException",), SecretNotFound, "secret_not_found"),
        (SWAP, SwapLost, "aws_state"),
        (DENIED, SecretDenied, "aws_denied"),
        (tuple(COMMON), RotationError, "aws_error"),
        (KEY_TROUBLE, RotationError, "aws_kms"),
        (("SomethingNew",), RotationError, "aws_error"),
    ],
)
def test_an_answer_of_the_service_has_its_kind_and_a_next_step(
    codes: tuple[str, ...], kind: type[RotationError], code: str
) -> None:
    for name in codes:
        error = translate(service_error(name, ""))
        assert (type(error), error.code) == (kind, code)
        assert "read the secret 'x'" in error.cause and error.next_step


def test_a_denial_names_the_action_or_the_key() -> None:
    assert "secretsmanager:GetSecretValue" in translate(service_error("AccessDeniedException")).cause
    of_key = translate(service_error("AccessDeniedException", "Access to KMS is not allowed"))
    assert "KMS" in of_key.cause and "kms:Decrypt" in of_key.next_step


def denial(operation: str, service: str, message: str = "") -> str:
    """What is told of a denial, whose code SNS and the others write differently."""
    refusal = exceptions.ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, operation)
    with pytest.raises(RotationError) as caught, translated("do it", service):
        raise refusal
    return str(caught.value)


@pytest.mark.parametrize(
    ("service", "operation", "message", "told"),
    [
        ("secretsmanager", "PutSecretValue", "", "secretsmanager:PutSecretValue is denied. Next: Allow that action on"),
        ("secretsmanager", "ListSecrets", "", "secretsmanager:ListSecrets is denied. Next: Allow that action on the"),
        ("sts", "AssumeRole", "", "sts:AssumeRole is denied. Next: Allow that action on the role, which has to trust"),
        ("sqs", "SendMessageBatch", "", "sqs:SendMessage is denied. Next: Allow that action on the work queue"),
        (
            "sqs",
            "SendMessageBatch",
            "User: x is not authorized to perform: sqs:sendmessage on",
            "sqs:SendMessage is denied",
        ),
        ("sns", "Publish", "User: x is not authorized to perform: SNS:Publish on resource: y", "sns:Publish is denied"),
        # One call needs the permission for another one.
        (
            *("secretsmanager", "CreateSecret", "x is not authorized to perform: secretsmanager:TagResource on y"),
            "secretsmanager:TagResource is denied",
        ),
        (
            *("secretsmanager", "GetSecretValue", "User: x is not authorized to perform: kms:Decrypt on resource: y"),
            "kms:Decrypt is denied on its KMS key. Next: Allow this identity kms:Decrypt and kms:GenerateDataKey",
        ),
    ],
)
def test_a_denial_names_the_action_of_its_service(service: str, operation: str, message: str, told: str) -> None:
    assert f"AWS does not allow this identity to do it: {told}" in denial(operation, service, message)


@pytest.mark.parametrize("message", [HIDDEN, f"not authorized to perform: {HIDDEN}", f"kms:{HIDDEN} is not for you"])
def test_of_the_message_of_a_denial_only_an_action_is_quoted(message: str) -> None:
    told = denial("Publish", "sns", message)
    assert "sns:Publish is denied" in told and "Hidden" not in told


@pytest.mark.parametrize(
    "raised",
    [
        exceptions.NoCredentialsError(),
        exceptions.ProfileNotFound(profile="x"),
        exceptions.NoRegionError(),
        exceptions.EndpointConnectionError(endpoint_url="https://x.invalid"),
        exceptions.ReadTimeoutError(endpoint_url="https://x.invalid"),
        exceptions.ConnectTimeoutError(endpoint_url="https://x.invalid"),
        exceptions.SSLError(endpoint_url="https://x.invalid", error="x"),
        exceptions.ParamValidationError(report=HIDDEN),
        exceptions.BotoCoreError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_trouble_on_this_side_of_aws_is_named_with_a_remedy(raised: exceptions.BotoCoreError) -> None:
    error = translate(raised)
    assert error.code == "aws_unreachable" and error.next_step
    assert f"({type(raised).__name__})" in error.cause


def test_the_table_of_this_side_names_real_exceptions() -> None:
    assert [name for name in CLIENT_SIDE if not hasattr(exceptions, name)] == []


def test_our_own_errors_pass_untouched() -> None:
    ours = RotationError("It broke.", code="x")
    with pytest.raises(RotationError) as caught, translated("read"):
        raise ours
    assert caught.value is ours
