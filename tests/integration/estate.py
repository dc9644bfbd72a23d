# SPDX-License-Identifier: GPL-3.0-or-later
"""Two AWS accounts as playbooks/provision.yml makes them, on an emulator that asks everybody for permission."""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from managed import ManagedClient, playbook, write_inventory
from ministack import Decision, Ministack
from world.aws import REGION

from ansible_collections.dbops.rotation.plugins.module_utils._iam.policies import Scope, policy

Run = subprocess.CompletedProcess[str]
# The topic and the rotator are in the one, and the secret of a client in the other.
HOME, CLIENTS = "123456789012", "210987654321"
PARAMETER = "/dbops/rotation/settings"
NO_ALARMS: dict[str, Any] = {"rotation_provision_metrics": [], "rotation_provision_alarms": []}
OWN_CALLS = ("sts:GetCallerIdentity",)


def role(account: str, duty: str) -> str:
    """The ARN of the role of a duty."""
    return f"arn:aws:iam::{account}:role/dbops-rotation-{duty}"


class Estate:
    """The accounts, and whoever runs playbooks in them."""

    def __init__(self, aws: Ministack, folder: Path) -> None:
        self.aws, self.folder = aws, folder
        assert aws.authority
        self.environment = {
            "AWS_CA_BUNDLE": str(aws.authority.ca_file),
            "AWS_REGION": REGION,
            "ANSIBLE_DEPRECATION_WARNINGS": "False",
        }
        may = {account: policy("provisioner", Scope(account, REGION, parameter=PARAMETER)) for account in (HOME, CLIENTS)}
        self._provisioners = {
            account: aws.identity("provisioner", json.dumps(may[account]), account) for account in may
        }

    def client(self, account: str, service: str) -> Any:
        """A boto3 client that may do anything in an account."""
        return self.aws.client(service, {"aws_access_key_id": account, "aws_secret_access_key": "test"})

    def provision(self, account: str, **variables: Any) -> int:
        """Run playbooks/provision.yml with the policy of its duty; give the number of changes."""
        given = {
            "rotation_provision_region": REGION,
            "rotation_provision_endpoint_url": self.aws.endpoint_url,
            "rotation_provision_access_key": self._provisioners[account]["aws_access_key_id"],
            "rotation_provision_secret_key": self._provisioners[account]["aws_secret_access_key"],
            **variables,
        }
        arguments = ("-e", json.dumps(given))
        run = playbook("playbooks/provision.yml", *arguments, environment=self.environment, timeout=900)
        assert run.returncode == 0, run.stdout + run.stderr
        found = re.search(r"changed=(\d+)", run.stdout)
        assert found
        return int(found.group(1))

    def settings(self, account: str) -> dict[str, Any]:
        """What provisioning wrote down of an account."""
        stored = self.client(account, "ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
        found: dict[str, Any] = json.loads(stored)
        return found

    def session(self, account: str, duty: str) -> dict[str, str]:
        """The environment of somebody in the role of a duty, who has nothing else."""
        granted = self.client(account, "sts").assume_role(RoleArn=role(account, duty), RoleSessionName="test")
        keys = granted["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def run(self, name: str, keys: dict[str, str], client: ManagedClient, *arguments: str, **variables: Any) -> Run:
        """Run a playbook over one client as somebody."""
        own = {"rotation_access_key": None, "rotation_secret_key": None, **variables}
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        inventory = write_inventory(folder, {client.name: client.variables(**own)})
        given = ("-i", str(inventory), "-e", '{"rotation_everything": true, "rotation_force": true}', *arguments)
        return playbook(name, *given, environment={**self.environment, **keys})

    def stored(self, account: str, client: ManagedClient) -> dict[str, Any]:
        """The document of a client's secret."""
        answer = self.client(account, "secretsmanager").get_secret_value(SecretId=client.secret_id)
        document: dict[str, Any] = json.loads(answer["SecretString"])
        return document

    def denied(self, since: int = 0) -> list[Decision]:
        """What was refused since so many decisions."""
        return [one for one in self.aws.decisions()[since:] if not one.allowed]

    def used(self, who: str) -> set[str]:
        """The actions that somebody, a user or a role, was allowed and took."""
        return {one.action for one in self.aws.decisions() if one.allowed and f"/{who}" in one.who}


class Mailbox:
    """A queue of an account that a topic of it may write to."""

    def __init__(self, estate: Estate, account: str) -> None:
        self._sqs = estate.client(account, "sqs")
        anybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
        self._url = self._sqs.create_queue(QueueName="dba", Attributes={"Policy": policy})["QueueUrl"]
        self.arn = f"arn:aws:sqs:{REGION}:{account}:dba"

    def events(self) -> list[str]:
        """The events of the notices that have arrived since the last look."""
        found: list[str] = []
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                found.append(json.loads(json.loads(message["Body"])["Message"])["event"])
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return found


def of_service(decisions: Iterable[Decision], *services: str) -> list[Decision]:
    """The decisions about some services."""
    return [one for one in decisions if one.action.partition(":")[0] in services]
