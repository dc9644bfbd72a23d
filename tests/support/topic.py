# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told, as its readers get it."""

from __future__ import annotations

import json
from typing import Any

from world.aws import AwsEmulator


class Mailbox:
    """An SNS topic and the queues that are subscribed to it."""

    def __init__(self, aws: AwsEmulator, name: str) -> None:
        self.sns, self.sqs = aws.client("sns"), aws.client("sqs")
        self.topic: str = self.sns.create_topic(Name=name)["TopicArn"]
        self.queue = self.subscribe(name, {})

    def subscribe(self, name: str, wanted: dict[str, list[str]]) -> str:
        """Subscribe a queue that gets only what a filter policy lets through."""
        queue: str = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
        policy = {"FilterPolicy": json.dumps(wanted)} if wanted else {}
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=attributes["QueueArn"], Attributes=policy)
        return queue

    def read(self, queue: str = "") -> list[dict[str, Any]]:
        """Take what has arrived: the body for machines, with the attributes that came with it."""
        found: list[dict[str, Any]] = []
        for message in self.take(queue):
            envelope = json.loads(message["Body"])
            named = {name: entry["Value"] for name, entry in envelope.get("MessageAttributes", {}).items()}
            found.append({**json.loads(envelope["Message"]), "attributes": named, "subject": envelope["Subject"]})
        return found

    def take(self, queue: str = "") -> list[dict[str, Any]]:
        """Take what has arrived, whoever has sent it, as SQS hands it over."""
        source = queue or self.queue
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=10).get("Messages"):
            entries = [{"Id": one["MessageId"], "ReceiptHandle": one["ReceiptHandle"]} for one in messages]
            self.sqs.delete_message_batch(QueueUrl=source, Entries=entries)
            found += messages
        return found
