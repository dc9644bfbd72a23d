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
REPLICA_REGION = "eu-west-1"
PROVISIONER = "provisioner"
PARAMETER = "/dbops/rotation/settings"
NO_ALARMS: dict[str, Any] = {"rotation_provision_metrics": [], "rotation_provision_alarms": []}


TAGS = {"environment": "production"}


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
        self._provisioners: dict[str, dict[str, str]] = {}

    def client(self, account: str, service: str, region: str = REGION) -> Any:
        """A boto3 client that may do anything in an account."""
        keys = {"aws_access_key_id": account, "aws_secret_access_key": "test"}
        return self.aws.client(service, keys, region=region)

    def provisioner(self, account: str) -> dict[str, str]:
        """The keys of a user of an account who may do what the provisioner may, made once."""
        if account not in self._provisioners:
            may = json.dumps(policy("provisioner", Scope(account, REGION, parameter=PARAMETER)))
            self._provisioners[account] = self.aws.identity(PROVISIONER, may, account)
        return self._provisioners[account]

    def provision(self, account: str, **variables: Any) -> int:
        """Run playbooks/provision.yml with the policy of its duty; give the number of changes."""
        keys = self.provisioner(account)
        given = {
            "rotation_provision_region": REGION,
            "rotation_provision_endpoint_url": self.aws.endpoint_url,
            "rotation_provision_access_key": keys["aws_access_key_id"],
            "rotation_provision_secret_key": keys["aws_secret_access_key"],
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

    def environment_of_provisioner(self, account: str) -> dict[str, str]:
        """The environment of the one who provisions an account."""
        return {name.upper(): text for name, text in self.provisioner(account).items()}

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

    def used(self, duty: str) -> list[Decision]:
        """What the role of a duty was allowed and took."""
        return [one for one in self.aws.decisions() if one.allowed and f"/dbops-rotation-{duty}/" in one.who]


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


CLIENT_ROLE = role(CLIENTS, "rotator")
# Notices of clients in the other account go out as this role.
LETTING_IN = {"rotation_provision_publishers": [CLIENT_ROLE]}


class Accounts(Estate):
    """One account with rotator and topic, and one with clients."""

    def __init__(self, aws: Ministack, folder: Path) -> None:
        super().__init__(aws, folder)
        self.mailbox = Mailbox(self, HOME)
        self.source_key = self.client(HOME, "kms").create_key()["KeyMetadata"]["Arn"]
        self.replica_key = self.client(HOME, "kms", REPLICA_REGION).create_key()["KeyMetadata"]["Arn"]
        self.provision_home()
        home = self.settings(HOME)
        self.topic = home["rotation_topic_arn"]
        self.provision(
            CLIENTS,
            rotation_provision_duties=["rotator", "onboarder"],
            rotation_provision_trusted=[role(HOME, "rotator"), f"arn:aws:iam::{CLIENTS}:root"],
            rotation_provision_notice_topic_arn=self.topic,
            rotation_provision_notice_key_arn=home["rotation_kms_key_id"],
            **NO_ALARMS,
        )

    def provision_home(self, **variables: Any) -> int:
        """Provision the account of the rotator, as always or with more; give the number of changes."""
        given = {
            "rotation_provision_duties": ["rotator", "onboarder", "notifier", "auditor", "restorer", "offboarder"],
            "rotation_provision_client_roles": [CLIENT_ROLE],
            "rotation_provision_secret_tags": TAGS,
            "rotation_provision_source_secrets": [f"arn:aws:secretsmanager:eu-central-1:{HOME}:secret:legacy/*"],
            "rotation_provision_source_keys": [self.source_key],
            "rotation_provision_replica_keys": [self.replica_key],
            "rotation_provision_subscriptions": [{"protocol": "sqs", "endpoint": self.mailbox.arn}],
        }
        return self.provision(HOME, **given, **NO_ALARMS, **variables)

    def onboard(self, account: str, client: ManagedClient, **variables: Any) -> None:
        """Onboard a client with the policy of that duty alone, without a warning."""
        key = self.settings(account)["rotation_kms_key_id"]
        given = {"rotation_onboard_password": client.password, "rotation_kms_key_id": key, **variables}
        run = self.run("playbooks/onboard.yml", self.session(account, "onboarder"), client, **given)
        assert run.returncode == 0 and "WARNING" not in run.stderr, run.stdout + run.stderr
