# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated AWS of the year, seen from outside: secrets, and a queue behind the topic."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws

from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import forget_clients, make_client
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._module import options

from .faults import Faults
from .fleet import Client

# Nobody waits on a clock that stands still.
ACCESS = {"region": "eu-central-1", "access_key": "x", "secret_key": "x", "write_share": 0}


@dataclass
class Cloud:
    """Clients of AWS that meet no faults."""

    secrets: Any
    queues: Any
    queue: str
    topic: str

    def describe(self, client: Client) -> dict[str, Any]:
        """Return tags and the holders of labels of a client's secret."""
        answer = self.secrets.describe_secret(SecretId=client.secret_id)
        held = {stage: version for version, stages in answer["VersionIdsToStages"].items() for stage in stages}
        return {**{tag["Key"]: tag["Value"] for tag in answer.get("Tags", [])}, **held}

    def password(self, client: Client) -> str:
        """Return what consumers read now."""
        answer = self.secrets.get_secret_value(SecretId=client.secret_id, VersionStage="AWSCURRENT")
        return str(json.loads(answer["SecretString"])["password"])

    def received(self) -> Iterator[dict[str, Any]]:
        """Take the notices out of the queue."""
        while messages := self.queues.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.queues.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                yield json.loads(json.loads(message["Body"])["Message"])

    def leftovers(self, client: Client) -> Iterator[str]:
        """Yield what is half done with a client."""
        known = self.describe(client)
        current = known["AWSCURRENT"]
        if not client.server.opened_alone_by(self.password(client)):
            yield "AWSCURRENT is not the one password of every row"
        if known.get("AWSPENDING", current) != current:
            yield "AWSPENDING stands apart"
        if known.get(tags.VERSION) != current:
            yield "the tags know of another version than AWSCURRENT"
        if known.get(tags.OVERLAP_UNTIL):
            yield "an old password is still alive"


@contextlib.contextmanager
def running(faults: Faults) -> Iterator[Cloud]:
    """Start the emulator in this process; what the engine makes clients with lets them meet the faults."""
    forget_clients()
    with mock_aws(), patch.object(options, "make_client", lambda *wanted: faults.attach(make_client(*wanted))):
        services = {service: _client_of(service) for service in ("secretsmanager", "sns", "sqs")}
        topic = services["sns"].create_topic(Name="rotation")["TopicArn"]
        queue = services["sqs"].create_queue(QueueName="rotation")["QueueUrl"]
        named = services["sqs"].get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        services["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint=named["Attributes"]["QueueArn"])
        yield Cloud(services["secretsmanager"], services["sqs"], queue, topic)
    forget_clients()


def _client_of(service: str) -> Any:
    return boto3.client(service, region_name=ACCESS["region"], aws_access_key_id="x", aws_secret_access_key="x")
