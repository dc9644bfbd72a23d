# SPDX-License-Identifier: GPL-3.0-or-later
"""Notices through SNS, read back from queues that are subscribed to the topic, and every trouble on the way."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from emulated import client_of, emulated_aws
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._aws.errors import DENIED
from ansible_collections.dbops.rotation.plugins.module_utils._aws.refusals import OF_SERVICE
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._events import EVENTS
from ansible_collections.dbops.rotation.plugins.module_utils._notice.notice import Notice
from ansible_collections.dbops.rotation.plugins.module_utils._notice.publish import publish

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
Reader = Callable[[], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def sns() -> Iterator[Any]:
    with emulated_aws():
        yield client_of("sns")


def subscribed(sns: Any, topic: str, policy: dict[str, Any] | None = None, *, raw: bool = False) -> Reader:
    """Subscribe a new queue and give what reads it."""
    sqs = client_of("sqs")
    fifo = {"Attributes": {"FifoQueue": "true"}} if topic.endswith(".fifo") else {}
    url = sqs.create_queue(QueueName=f"{uuid.uuid4()}{'.fifo' if fifo else ''}", **fifo)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    attributes = {"FilterPolicy": json.dumps(policy)} if policy else {}
    attributes |= {"RawMessageDelivery": "true"} if raw else {}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)

    def read() -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return list(answer.get("Messages", []))

    return read


@pytest.fixture
def topic(sns: Any) -> str:
    return str(sns.create_topic(Name=str(uuid.uuid4()))["TopicArn"])


def notice(event: str = "rotated", **more: Any) -> Notice:
    known = {"environment": "production", "trigger": "on_demand", "version_id": "v1", "due": "2027-01-02T03:00:00Z"}
    return Notice(event, "client_acme", "clients/client_acme/mysql/root", NOW, **{**known, "notice_days": 7, **more})


@pytest.mark.parametrize("event", EVENTS)
def test_every_kind_of_notice_is_read_back_with_its_attributes(sns: Any, topic: str, event: str) -> None:
    read = subscribed(sns, topic)
    sent = notice(event, failures=2, text="For people.")
    message_id = publish(sns, topic, sent)
    (message,) = read()
    envelope = json.loads(message["Body"])
    assert (envelope["MessageId"], envelope["Subject"]) == (message_id, sent.sent_subject)
    assert json.loads(envelope["Message"]) == sent.body()
    assert envelope["MessageAttributes"] == {
        name: {"Type": "String", "Value": value} for name, value in sent.attributes().items()
    }


def test_raw_delivery_gives_the_body_for_machines_and_the_attributes(sns: Any, topic: str) -> None:
    read = subscribed(sns, topic, raw=True)
    publish(sns, topic, notice())
    (message,) = read()
    assert json.loads(message["Body"]) == notice().body()
    # SQS carries no more than ten.
    assert len(message["MessageAttributes"]) <= 10
    assert message["MessageAttributes"]["client"]["StringValue"] == "client_acme"


def test_subscriptions_get_what_their_filter_policies_ask_for(sns: Any, topic: str) -> None:
    policies: dict[str, dict[str, Any]] = {
        "trouble": {"severity": ["warning", "critical"]},
        "acme": {"client": ["client_acme"]},
        "globex": {"client": ["client_globex"]},
        "changes": {"event": ["rotated"], "environment": ["production"]},
        "by hand": {"trigger": [{"anything-but": ["scheduled"]}]},
        "staging": {"environment": [{"exists": False}]},
    }
    readers = {name: subscribed(sns, topic, policy) for name, policy in policies.items()}
    publish(sns, topic, notice("rotated"))
    publish(sns, topic, notice("failed", failures=1, trigger="scheduled"))
    got = {
        name: [json.loads(json.loads(one["Body"])["Message"])["event"] for one in read()]
        for name, read in readers.items()
    }
    assert {name: sorted(events) for name, events in got.items()} == {
        "trouble": ["failed"],
        "acme": ["failed", "rotated"],
        "globex": [],
        "changes": ["rotated"],
        "by hand": ["rotated"],
        "staging": [],
    }


def test_a_fifo_topic_keeps_the_order_of_a_client_and_drops_what_comes_twice(sns: Any) -> None:
    made = sns.create_topic(Name=f"{uuid.uuid4()}.fifo", Attributes={"FifoTopic": "true"})
    read = subscribed(sns, made["TopicArn"])
    for _time in range(2):
        publish(sns, made["TopicArn"], replace(notice(), client="Müller & Söhne " * 20))
    assert len(read()) == 1


class Refusing:
    """A client of SNS that answers with one error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def publish(self, **_arguments: Any) -> Any:
        raise self.error


@pytest.mark.parametrize("code", [*OF_SERVICE["sns"], *DENIED, "SomethingNew"])
def test_a_refusal_is_told_by_its_code_with_a_next_step(code: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "Of the key"}}, "Publish")
    with pytest.raises(RotationError) as caught:
        publish(Refusing(error), "arn:aws:sns:eu-central-1:123456789012:x", notice())
    assert code in caught.value.cause and caught.value.next_step
    assert ("sns:Publish is denied" in caught.value.cause) is (code in DENIED)


@pytest.mark.parametrize(
    "error", [EndpointConnectionError(endpoint_url="https://x"), ValueError("Hidden"), KeyError("Hidden")], ids=repr
)
def test_any_other_trouble_is_told_as_one_kind_of_error(error: Exception) -> None:
    with pytest.raises(RotationError) as caught:
        publish(Refusing(error), "arn:aws:sns:eu-central-1:123456789012:x", notice())
    assert type(error).__name__ in caught.value.cause and "Hidden" not in str(caught.value)


def test_a_topic_that_does_not_exist_says_so(sns: Any) -> None:
    error = refusal_of(publish, sns, "arn:aws:sns:eu-central-1:123456789012:nowhere", notice())
    assert "no such topic" in error.cause and "rotation_topic_arn" in error.told()


def test_an_arn_that_is_none_is_an_error_of_the_same_kind(sns: Any) -> None:
    with pytest.raises(RotationError):
        publish(sns, "rotation", notice())


ROLE = "arn:aws:iam::210987654321:role/clients/dbops-rotation-client"
SESSION = "arn:aws:sts::210987654321:assumed-role/dbops-rotation-client/dbops-rotation"
LETTING_IN = ("rotation_provision_publishers", "the account 123456789012", "rotation_provision_notice_topic_arn")


def refused(code: str, message: str = "", role: str | None = None, account: str = "123456789012") -> RotationError:
    error = ClientError({"Error": {"Code": code, "Message": message}}, "Publish")
    with pytest.raises(RotationError) as caught:
        publish(Refusing(error), f"arn:aws:sns:eu-central-1:{account}:x", notice(), role)
    return caught.value


@pytest.mark.parametrize("code", ["AuthorizationError", "KMSAccessDenied", "KMSAccessDeniedException"])
def test_a_role_of_another_account_is_named_with_the_option_that_lets_it_in(code: str) -> None:
    told = refused(code, role=ROLE).told()
    assert ROLE in told and all(words in told for words in LETTING_IN)


def test_whom_the_refusal_names_is_told_as_the_role_that_policies_name() -> None:
    told = refused("AuthorizationError", f"User: {SESSION} is not authorized to perform: SNS:Publish").next_step
    assert "arn:aws:iam::210987654321:role/dbops-rotation-client is of another account" in told


@pytest.mark.parametrize("role", [ROLE, None])
def test_in_ones_own_account_no_option_is_named(role: str | None) -> None:
    told = refused("AuthorizationError", role=role, account="210987654321").told()
    assert "rotation_provision" not in told and (role or "this identity") in told
