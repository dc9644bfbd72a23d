# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions of a test with their queues and their topic, and what Lambda does for them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from function_calls import Call, call, queue_event
from managed import ManagedClient, secrets_manager
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator
from world.certificates import Authority

from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import forget_clients
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.rotation_function import rotation


@dataclass
class Functions:
    """The URLs of the queues, and the environment of the functions."""

    sqs: Any
    work: str
    notice_queue: str
    environment: Mapping[str, str]

    def send(self, message: Any) -> None:
        self.sqs.send_message(QueueUrl=self.work, MessageBody=json.dumps(message))

    def work_off(self) -> list[Call]:
        """Hand over what is on the queue once, as Lambda does: what does not fail is deleted, the rest stays."""
        made = []
        for message in self.receive(self.work):
            made.append(call(rotation, queue_event(message["Body"])))
            if made[-1].raised is None:
                self.sqs.delete_message(QueueUrl=self.work, ReceiptHandle=message["ReceiptHandle"])
        return made

    def left(self) -> int:
        return len(self.receive(self.work))

    def notices(self) -> list[dict[str, Any]]:
        found = self.receive(self.notice_queue)
        for message in found:
            self.sqs.delete_message(QueueUrl=self.notice_queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found]

    def receive(self, url: str) -> list[dict[str, Any]]:
        """Return what is on a queue; it stays there."""
        answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found


@contextmanager
def at_work(aws: AwsEmulator, authority: Authority) -> Iterator[Functions]:
    """Set the environment of the functions."""
    name = uuid.uuid4().hex
    sqs, sns = aws.client("sqs"), aws.client("sns")
    work, notice_queue = (sqs.create_queue(QueueName=f"{kind}-{name}")["QueueUrl"] for kind in ("work", "notices"))
    topic = sns.create_topic(Name=name)["TopicArn"]
    arn = sqs.get_queue_attributes(QueueUrl=notice_queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    environment = {
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "ROTATION_QUEUE_URL": work,
        "ROTATION_TOPIC_ARN": topic,
        "ROTATION_TLS_CA_FILE": str(authority.ca_file),
        "ROTATION_WRITE_SHARE": "0",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ROTATION_AUDIT_SPOOL", raising=False)  # of the playbooks; no option of a function
        for variable, value in environment.items():
            patch.setenv(variable, value)
        forget_clients()
        try:
            yield Functions(sqs, work, notice_queue, environment)
        finally:
            forget_clients()


def due(client: ManagedClient) -> ManagedClient:
    """Return a client that was rotated long ago to the functions."""
    return tagged(fresh(client), **{tags.LAST: "2026-01-01T00:00:00Z", tags.DUE: "2026-02-10T00:00:00Z"})


def fresh(client: ManagedClient) -> ManagedClient:
    """Return a client that was just rotated, of which people were told, to the functions."""
    version = client.rotate()["version_id"]
    client.password = client.stored()["password"]
    return tagged(client, **{tags.NOTIFIED: f"rotated={version}"})


def tagged(client: ManagedClient, **more: str) -> ManagedClient:
    """Return a client to the functions."""
    written = {tags.CLIENT: client.name, tags.RUNNER: "lambda", **more}
    listed = [{"Key": key, "Value": value} for key, value in written.items()]
    secrets_manager(client.aws).tag_resource(SecretId=client.secret_id, Tags=listed)
    return client
