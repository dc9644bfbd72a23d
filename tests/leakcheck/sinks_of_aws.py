# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS is told, apart from the value of a secret."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from leaks import requests_without_values

from .scene import Scene
from .sink import Found, Sink


@dataclass
class Requests(Sink):
    """All requests: path, headers and body, less the value in CreateSecret and PutSecretValue."""

    scene: Scene
    name: str = "requests to AWS"

    def begin(self) -> None:
        """Begin to record."""
        self.scene.setting.aws.start_recording()

    def collect(self) -> Iterator[Found]:
        """Return what was recorded, and stop."""
        for number, request in enumerate(requests_without_values(self.scene.setting.aws), start=1):
            yield f"request {number}", request.encode()
        self.scene.setting.aws.stop_recording()

    def plant(self, text: str) -> None:
        """Send it in another field of such a request."""
        given = {"Name": f"plant/{uuid.uuid4()}", "SecretString": "x", "Description": text}
        self.scene.setting.aws.client().create_secret(**given)


@dataclass
class Notices(Sink):
    """What subscribers of the topic get."""

    scene: Scene
    name: str = "notices (SNS)"

    def begin(self) -> None:
        """Take what is there already."""
        self.scene.mailbox.read()

    def collect(self) -> Iterator[Found]:
        """Take what has arrived."""
        for number, notice in enumerate(self.scene.mailbox.read(), start=1):
            yield f"notice {number}", json.dumps(notice).encode()

    def plant(self, text: str) -> None:
        """Publish it."""
        message = json.dumps({"event": "rotated", "password": text})
        self.scene.mailbox.sns.publish(TopicArn=self.scene.mailbox.topic, Subject="a plant", Message=message)


@dataclass
class LogEvents(Sink):
    """The audit trail as CloudWatch Logs has it."""

    scene: Scene
    name: str = "audit trail in CloudWatch Logs"

    def begin(self) -> None:
        """Begin with an empty log group."""
        logs, group = self.scene.setting.aws.client("logs"), self.scene.log_group
        logs.delete_log_group(logGroupName=group)
        logs.create_log_group(logGroupName=group)

    def collect(self) -> Iterator[Found]:
        """Return every event."""
        pages = self.scene.setting.aws.client("logs").get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=self.scene.log_group):
            for event in page["events"]:
                yield f"{event['logStreamName']} {event['eventId']}", event["message"].encode()

    def plant(self, text: str) -> None:
        """Put an event."""
        logs, where = self.scene.setting.aws.client("logs"), {"logGroupName": self.scene.log_group}
        logs.create_log_stream(**where, logStreamName="plant")
        events = [{"timestamp": int(time.time() * 1000), "message": json.dumps({"password": text})}]
        logs.put_log_events(**where, logStreamName="plant", logEvents=events)


@dataclass
class Descriptions(Sink):
    """All that AWS tells of the secrets without their values: names, tags, policies."""

    scene: Scene
    name: str = "tags and descriptions of secrets"

    def collect(self) -> Iterator[Found]:
        """Describe every secret, those too that are to be deleted."""
        aws = self.scene.setting.aws.client()
        for page in aws.get_paginator("list_secrets").paginate(IncludePlannedDeletion=True):
            for told in page["SecretList"]:
                policy = {} if "DeletedDate" in told else aws.get_resource_policy(SecretId=told["ARN"])
                yield told["Name"], json.dumps([told, policy], default=str).encode()

    def plant(self, text: str) -> None:
        """Write it into a tag."""
        tags = [{"Key": "note", "Value": text}]
        self.scene.setting.aws.client().create_secret(Name=f"plant/{uuid.uuid4()}", SecretString="x", Tags=tags)


@dataclass
class Parameters(Sink):
    """Parameter Store, SecureStrings decrypted."""

    scene: Scene
    name: str = "parameters (SSM)"

    def collect(self) -> Iterator[Found]:
        """Return every parameter that is not AWS's own."""
        pages = self.scene.setting.aws.client("ssm").get_paginator("get_parameters_by_path")
        for path in ("/dbops", "/plant"):
            for page in pages.paginate(Path=path, Recursive=True, WithDecryption=True):
                yield from ((one["Name"], json.dumps(one, default=str).encode()) for one in page["Parameters"])

    def plant(self, text: str) -> None:
        """Store it."""
        name = f"/plant/{uuid.uuid4()}"
        self.scene.setting.aws.client("ssm").put_parameter(Name=name, Value=text, Type="SecureString")
