# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS down, slow, throttling, denying, or losing its answers at each call of a rotation.

Whatever happens, a password that a label names opens the server, and the next run finishes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from faulty_proxy import HANG_UP, LOSE_REPLY, SILENCE, Fault, FaultyProxy
from managed import ManagedClient
from telling import assert_refused, assert_silent, failure
from world.aws import NOWHERE

GET, DESCRIBE, PUT = "GetSecretValue", "DescribeSecret", "PutSecretValue"
PROMOTE, TAG = "UpdateSecretVersionStage", "TagResource"
TWICE = {"retries": {"mode": "standard", "total_max_attempts": 2}, "read_timeout": 0.5}

# What AWS answers -> the words for it, and the remedy.
ANSWERS = {
    "ThrottlingException": ("AWS throttles the calls and did so through every retry (Throttl", "Run the same command"),
    "InternalServiceError": ("Secrets Manager had an internal error (InternalServiceError)", "Run the same command"),
    "DecryptionFailure": ("the KMS key of the secret cannot be used (DecryptionFailure)", "Allow this identity kms:"),
    "ExpiredTokenException": ("the AWS session has expired (ExpiredTokenException)", "Get new credentials"),
    "SomethingNew": ("the service refused (SomethingNew)", "Run the same command again"),
    HANG_UP: ("AWS closed the connection without an answer (ConnectionClosedError)", "Run the same command"),
}
NO_STORE = "The server was not changed; a new password is stored as AWSPENDING"
OLD_AND_NEW = "Old and new password both open the server; AWSCURRENT is the old, AWSPENDING"

Faulty = Callable[..., AbstractContextManager[FaultyProxy]]


@pytest.fixture(autouse=True)
def no_pause_between_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the AWS library ask again at once."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_arguments: 0)


@pytest.fixture
def faulty(proxy: FaultyProxy) -> Faulty:
    """Lets the runs of a client go through the proxy with faults: faulty(client, Fault(...))."""

    @contextmanager
    def arranged(client: ManagedClient, *faults: Fault) -> Iterator[FaultyProxy]:
        with proxy.faulty(client.secret_id, *faults), pytest.MonkeyPatch.context() as patch:
            patch.setitem(client.options, "endpoint_url", proxy.endpoint_url)
            yield proxy

    return arranged


def assert_finished_by_one_more_run(client: ManagedClient) -> dict[str, Any]:
    """Run again without faults, as the schedule does; AWSCURRENT and nothing else has to open the server."""
    result = client.rotate(trigger="recovery")
    new = client.stored()["password"]
    assert client.opens(new) and (new == client.password or not client.opens(client.password))
    assert client.stages()["AWSCURRENT"] == client.tags()["rotation/version"]
    assert_silent(client, result)
    return result


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(
    ("operation", "step", "doing"),
    [(GET, "read", "read the secret"), (DESCRIBE, "look", "describe the secret")],
)
def test_an_error_before_anything_is_stored(
    mysql_client: ManagedClient, operation: str, step: str, doing: str, answer: str, faulty: Faulty
) -> None:
    what, remedy = ANSWERS[answer]
    cause = f"Could not {doing} '{mysql_client.secret_id}': {what}"
    with faulty(mysql_client, Fault(operation, answer)):
        assert_refused(mysql_client, cause, step=step, next_step=remedy, aws_config=TWICE)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_password_that_cannot_be_stored(mysql_client: ManagedClient, answer: str, faulty: Faulty) -> None:
    what, remedy = ANSWERS[answer]
    cause = f"Could not store the new password in '{mysql_client.secret_id}': {what}"
    with faulty(mysql_client, Fault(PUT, answer)):
        assert_refused(mysql_client, cause, step="persist", next_step=remedy, aws_config=TWICE)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_stored_password_that_cannot_be_read_back(mysql_client: ManagedClient, answer: str, faulty: Faulty) -> None:
    what, remedy = ANSWERS[answer]
    cause = f"Could not read the secret '{mysql_client.secret_id}': {what}"
    with faulty(mysql_client, Fault(GET, answer, first=2)):
        told = failure(mysql_client, cause, step="persist", state=NO_STORE, next_step=remedy, aws_config=TWICE)
    assert mysql_client.stages()["AWSPENDING"] in told["state"] and mysql_client.opens(mysql_client.password)
    pending = mysql_client.stored("AWSPENDING")["password"]
    assert not mysql_client.opens(pending)
    assert assert_finished_by_one_more_run(mysql_client)["action"] == "resume"
    assert mysql_client.stored()["password"] == pending


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_promotion_that_fails(mysql_client: ManagedClient, answer: str, faulty: Faulty) -> None:
    what, remedy = ANSWERS[answer]
    cause = f"Could not move AWSCURRENT of '{mysql_client.secret_id}': {what}"
    with faulty(mysql_client, Fault(PROMOTE, answer)):
        told = failure(mysql_client, cause, step="promote", state=OLD_AND_NEW, next_step=remedy, aws_config=TWICE)
    assert mysql_client.stages()["AWSPENDING"] in told["state"]
    assert mysql_client.opens(mysql_client.password) and mysql_client.opens(
        mysql_client.stored("AWSPENDING")["password"]
    )
    assert assert_finished_by_one_more_run(mysql_client)["action"] == "finish"


@pytest.mark.parametrize("answer", ["ThrottlingException", "AccessDeniedException", LOSE_REPLY, HANG_UP])
def test_tags_that_cannot_be_written_do_not_fail_the_rotation(
    client: ManagedClient, answer: str, faulty: Faulty
) -> None:
    with faulty(client, Fault(TAG, answer)):
        result = client.rotate(aws_config=TWICE)
    new = client.stored()["password"]
    assert result["changed"] and client.opens(new) and not client.opens(client.password)
    assert len(result["warnings"]) == 1
    assert result["warnings"][0].startswith("The tags could not be written: ")
    assert result["warnings"][0].endswith(" The next run writes them.")
    assert_silent(client, result)
    assert_finished_by_one_more_run(client)
    assert client.stored()["password"] == new


@pytest.mark.parametrize(
    ("operation", "step", "doing", "first"),
    [
        (GET, "read", "read the secret", 1),
        (DESCRIBE, "look", "describe the secret", 1),
        (PUT, "persist", "store the new password in", 1),
    ],
)
def test_a_denied_call_names_the_action_to_allow(
    mysql_client: ManagedClient, operation: str, step: str, doing: str, first: int, faulty: Faulty
) -> None:
    cause = f"AWS does not allow this identity to {doing} '{mysql_client.secret_id}': secretsmanager:{operation} is"
    with faulty(mysql_client, Fault(operation, "AccessDeniedException", first)) as proxy:
        told = assert_refused(mysql_client, cause, step=step, next_step="Allow that action on this secret in the IAM")
    assert told["code"] == "aws_denied" and proxy.seen[operation] == 1


def test_a_denied_promotion_keeps_both_passwords(client: ManagedClient, faulty: Faulty) -> None:
    cause = f"AWS does not allow this identity to move AWSCURRENT of '{client.secret_id}': secretsmanager:{PROMOTE}"
    with faulty(client, Fault(PROMOTE, "AccessDeniedException")):
        failure(client, cause, step="promote", state=OLD_AND_NEW, next_step="Allow that action on this secret")
    assert client.opens(client.password)
    assert assert_finished_by_one_more_run(client)["action"] == "finish"


def test_a_denied_kms_key_is_told_apart(mysql_client: ManagedClient, faulty: Faulty) -> None:
    cause = f"AWS does not allow this identity to read the secret '{mysql_client.secret_id}': the use of its KMS key"
    with faulty(mysql_client, Fault(GET, "AccessDeniedException:Access to KMS is not allowed")):
        assert_refused(mysql_client, cause, step="read", next_step="Allow this identity kms:Decrypt and kms:Gen")


@pytest.mark.parametrize("operation", [GET, DESCRIBE, PUT, PROMOTE, TAG])
@pytest.mark.parametrize("answer", ["ThrottlingException", "InternalServiceError", HANG_UP, LOSE_REPLY])
def test_a_call_that_fails_twice_is_retried(
    mysql_client: ManagedClient, operation: str, answer: str, faulty: Faulty
) -> None:
    with faulty(mysql_client, Fault(operation, answer, times=2)) as proxy:
        result = mysql_client.rotate()
    assert proxy.seen[operation] >= 3 and not result["warnings"]
    assert result["throttled"] == (2 if answer == "ThrottlingException" else 0)
    assert [step["name"] for step in result["steps"]].count("promote") == 1
    assert mysql_client.opens(mysql_client.stored()["password"]) and not mysql_client.opens(mysql_client.password)
    assert mysql_client.tags()["rotation/version"] == result["version_id"] == mysql_client.stages()["AWSCURRENT"]


@pytest.mark.parametrize("operation", [PUT, PROMOTE])
def test_an_answer_that_never_comes_is_found_out_by_looking(
    client: ManagedClient, operation: str, faulty: Faulty
) -> None:
    with faulty(client, Fault(operation, LOSE_REPLY)):
        result = client.rotate(aws_config=TWICE)
    assert client.opens(client.stored()["password"]) and not client.opens(client.password)
    assert client.tags()["rotation/version"] == result["version_id"] == client.stages()["AWSCURRENT"]
    assert [step["name"] for step in result["steps"]].count("promote") == 1


def test_a_promotion_with_a_lost_answer_and_no_way_to_look(client: ManagedClient, faulty: Faulty) -> None:
    state = "The new password, in version "
    cause = f"Could not move AWSCURRENT of '{client.secret_id}': AWS closed the connection without an answer"
    lost = (Fault(PROMOTE, LOSE_REPLY), Fault(DESCRIBE, "InternalServiceError", first=2))
    with faulty(client, *lost):
        told = failure(client, cause, step="promote", state=state, next_step="Run the same", aws_config=TWICE)
    assert f"Whether it happened could not be read: Could not describe the secret '{client.secret_id}'" in told["cause"]
    assert "whether it is AWSCURRENT already could not be read" in told["state"]
    new = client.stored()["password"]
    assert new != client.password and client.opens(new)
    assert assert_finished_by_one_more_run(client)["action"] == "discard_old"


def test_an_outage_from_the_promotion_on(client: ManagedClient, faulty: Faulty) -> None:
    cause = f"Could not move AWSCURRENT of '{client.secret_id}': AWS closed the connection without an answer"
    state = "The new password, in version "
    outage = (Fault(PROMOTE, HANG_UP), Fault(DESCRIBE, HANG_UP, first=2), Fault(TAG, HANG_UP))
    with faulty(client, *outage):
        failure(client, cause, step="promote", state=state, next_step="Run the same", aws_config=TWICE)
    assert client.opens(client.password) and client.opens(client.stored("AWSPENDING")["password"])
    assert assert_finished_by_one_more_run(client)["action"] == "finish"


def test_a_store_with_a_lost_answer_and_no_way_to_look(client: ManagedClient, faulty: Faulty) -> None:
    cause = f"Could not store the new password in '{client.secret_id}': AWS closed the connection without an answer"
    lost = (Fault(PUT, LOSE_REPLY), Fault(GET, "InternalServiceError", first=2))
    with faulty(client, *lost):
        failure(client, cause, step="persist", state=NO_STORE, next_step="Run the same", aws_config=TWICE)
    assert client.opens(client.password)
    assert assert_finished_by_one_more_run(client)["action"] == "resume"


def test_aws_is_down(mysql_client: ManagedClient) -> None:
    cause = f"Could not read the secret '{mysql_client.secret_id}': the AWS endpoint does not answer (EndpointConn"
    told = assert_refused(
        mysql_client, cause, step="read", next_step="Check the network from here to AWS", endpoint_url=NOWHERE
    )
    assert told["code"] == "aws_unreachable"


def test_aws_does_not_answer(mysql_client: ManagedClient, faulty: Faulty) -> None:
    cause = f"Could not read the secret '{mysql_client.secret_id}': AWS accepted the call but did not answer in time"
    with faulty(mysql_client, Fault(GET, SILENCE)) as proxy:
        assert_refused(mysql_client, cause, step="read", next_step="Run the same command again", aws_config=TWICE)
    assert proxy.seen[GET] == 2


def test_aws_answers_late_once(mysql_client: ManagedClient, faulty: Faulty) -> None:
    with faulty(mysql_client, Fault(PROMOTE, SILENCE, times=1)):
        assert mysql_client.rotate(aws_config=TWICE)["changed"]
    assert mysql_client.opens(mysql_client.stored()["password"])


def test_aws_is_so_slow_that_the_deadline_passes(mysql_client: ManagedClient, faulty: Faulty) -> None:
    slow = {"retries": {"mode": "standard", "total_max_attempts": 3}, "read_timeout": 0.5}
    cause = "The run did not finish within its deadline of 1 seconds."
    again = f"ansible-playbook rotate.yml -l {mysql_client.name}"
    with faulty(mysql_client, Fault(GET, SILENCE, first=2, times=2)):
        failure(mysql_client, cause, step="apply", state=NO_STORE, next_step=again, aws_config=slow, deadline=1)
    assert mysql_client.opens(mysql_client.password)
    assert assert_finished_by_one_more_run(mysql_client)["action"] == "resume"


@pytest.mark.parametrize(
    ("options", "cause", "next_step"),
    [
        ({}, "no AWS credentials were found (NoCredentialsError).", "Give some: AWS_ACCESS_KEY_ID"),
        (
            {"profile": "nobody"},
            "the AWS profile 'nobody' does not exist here (ProfileNotFound).",
            "Correct rotation_profile",
        ),
        ({"region": None}, "no AWS region is set (NoRegionError).", "Set rotation_region, AWS_REGION or the profile"),
    ],
    ids=["credentials", "profile", "region"],
)
def test_no_way_to_sign(mysql_client: ManagedClient, options: dict[str, Any], cause: str, next_step: str) -> None:
    told = mysql_client.run(access_key=None, secret_key=None, **options)
    assert told["failed"] and told["error"]["cause"].endswith(cause)
    assert told["error"]["client"] == mysql_client.name and told["error"]["step"] in ("prepare", "read")
    assert told["error"]["state"].startswith("Nothing was changed") and told["error"]["next_step"].startswith(next_step)
    assert_silent(mysql_client, told)
    assert mysql_client.opens(mysql_client.password)


def test_a_setting_that_the_aws_library_does_not_know(mysql_client: ManagedClient) -> None:
    told = mysql_client.run(aws_config={"retrys": {"mode": "standard"}})
    assert told["error"]["cause"] == "rotation_aws_config holds a setting that botocore's Config does not know."
    assert told["error"]["code"] == "invalid_option"
