# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's entry points for status and notices, by ansible-playbook, on moto as a server in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).resolve().parents[2]
DUE = "2027-01-02T03:00:00Z"
OWED = [
    {"event": "rotated", "version_id": "v2", "reason": "CHG-1042", "requested_by": "alice", "due": DUE},
    {"event": "upcoming", "notice_days": 7, "days_left": 8, "due": DUE, "expected": DUE},
    {"event": "failed", "failures": 3, "step": "open", "cause": "The password was refused.", "next_step": "Do this."},
    {"event": "overdue", "days_left": -2, "due": DUE},
]
PLAYBOOK = """
- hosts: all
  connection: local
  gather_facts: false
  module_defaults: {group/dbops.rotation.all: "{{ rotation_connection }}"}
  tasks:
    - ansible.builtin.include_role: {name: dbops.rotation.rotation, tasks_from: status}
    - ansible.builtin.include_role: {name: dbops.rotation.rotation, tasks_from: notify}
      vars: {rotation_notice_event: "{{ item.event }}", rotation_notice_details: "{{ item }}"}
      loop: "{{ owed }}"
"""
INVENTORY = """
all:
  hosts:
    client_acme:
      # Without quotes, as people write them.
      rotation_windows: [{days: [mon, tue], from: 22:00, to: 04:00, timezone: Europe/Berlin}]
      rotation_freezes: [{from: 2026-12-20, to: 2027-01-02 12:00:00, reason: year end}]
      rotation_paused: {until: 2026-12-20, reason: migration}
"""


class World:
    """An SNS topic, a queue that is subscribed to it, and a secret."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.sqs, sns, secrets = (self.client(service) for service in ("sqs", "sns", "secretsmanager"))
        self.topic = sns.create_topic(Name="rotation")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="rotation")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        secrets.create_secret(Name="clients/client_acme/mysql/root", SecretString="x")
        (folder / "play.yml").write_text(PLAYBOOK)
        (folder / "inventory.yml").write_text(INVENTORY)

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        return boto3.client(service, region_name="eu-central-1", endpoint_url=self.url, **keys)

    def play(self, **variables: Any) -> str:
        urls = {"rotation_endpoint_url": self.url, "rotation_endpoint_urls": {"default": self.url}}
        access = {**urls, "rotation_region": "eu-central-1"}
        keys = {"rotation_access_key": "x", "rotation_secret_key": "x", "rotation_topic_arn": self.topic, "owed": OWED}
        command = [
            str(Path(sys.executable).parent / "ansible-playbook"),
            "-v",
            "-i",
            str(self.folder / "inventory.yml"),
        ]
        command += [str(self.folder / "play.yml"), "-e", json.dumps({**access, **keys, **variables})]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
        done = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def notices(self) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in answer.get("Messages", [])]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield World(tmp_path_factory.mktemp("world"), f"http://{host}:{port}")
    server.stop()


def test_every_notice_goes_out_with_the_text_of_its_template(world: World) -> None:
    output = world.play()
    told = world.notices()
    assert [notice["event"] for notice in told] == ["rotated", "upcoming", "failed", "overdue"]
    assert [told[0][name] for name in ("trigger", "reason", "requested_by")] == ["scheduled", "CHG-1042", "alice"]
    for text in (
        "The root password of client_acme was changed.",
        "The root password of client_acme will be changed soon.",
        "could not be changed, 3 times in a row.",
        f"should have been changed by {DUE}.",
        "Asked by:  alice",
        "What to do: Do this.",
        "paused until 2026-12-21T00:00:00Z (migration)",
    ):
        assert text in output
    assert "WARNING" not in output


def test_a_template_of_ones_own_is_used_and_a_broken_one_is_done_without(world: World) -> None:
    own = world.folder / "own.j2"
    own.write_text("{{ rotation_notice_event }}: call {{ rotation_client }}")
    output = world.play(rotation_notice_template=str(own), rotation_environment="staging", owed=OWED[:1])
    assert "rotated: call client_acme" in output and world.notices()[0]["environment"] == "staging"
    own.write_text("{{ nothing.here }}")
    output = world.play(rotation_notice_template=str(own), owed=OWED[:1])
    assert "A plain text is sent" in output and len(world.notices()) == 1


def test_without_a_topic_and_without_sns_the_play_goes_on(world: World) -> None:
    assert "skipped=1" in world.play(rotation_topic_arn="", owed=OWED[:1])
    output = world.play(rotation_topic_arn="arn:aws:sns:eu-central-1:123456789012:nowhere", owed=OWED[:1])
    assert "was not delivered" in output and "no such topic" in output
    assert world.notices() == []
