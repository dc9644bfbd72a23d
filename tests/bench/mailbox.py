# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who reads the notices as they come: the emulator takes longer for each message that lies in a queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Any

from world.aws import AwsEmulator

LOOK = 0.2  # seconds between two looks at an empty queue
OF_THE_READER = ("ReceiveMessage", "DeleteMessageBatch")


class Mailbox:
    """A queue behind a topic, and how many notices came out of it."""

    def __init__(self, aws: AwsEmulator, name: str) -> None:
        """Make the topic and its queue."""
        topics, self._queues = aws.client("sns"), aws.client("sqs")
        self.topic = str(topics.create_topic(Name=name)["TopicArn"])
        self._queue = str(self._queues.create_queue(QueueName=name)["QueueUrl"])
        named = self._queues.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        topics.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=named["Attributes"]["QueueArn"])
        self._lock = Lock()
        self._taken = 0

    def taken(self) -> int:
        """Return how many notices have come by now."""
        with self._lock:
            while messages := self._some():
                entries = [{"Id": one["MessageId"], "ReceiptHandle": one["ReceiptHandle"]} for one in messages]
                self._queues.delete_message_batch(QueueUrl=self._queue, Entries=entries)
                self._taken += len(messages)
            return self._taken

    def _some(self) -> list[dict[str, Any]]:
        answer = self._queues.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        return list(answer.get("Messages", ()))


@contextmanager
def read(mailbox: Mailbox) -> Iterator[None]:
    """Empty a mailbox all the while."""
    ended = Event()

    def reading() -> None:
        while not ended.wait(LOOK):
            mailbox.taken()

    reader = Thread(target=reading)
    reader.start()
    try:
        yield
    finally:
        ended.set()
        reader.join()
