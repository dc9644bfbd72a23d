# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies as they are written, judged by resource and condition: what is ours may be used, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack import ACCOUNT, Ministack, needs_ministack
from world.aws import REGION

from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import GRANTS, OF_FUNCTIONS
from ansible_collections.dbops.rotation.plugins.module_utils._iam.policies import Scope, policy

pytestmark = [pytest.mark.slow, needs_ministack]

OURS, UNMARKED, THEIRS, LEGACY = "clients/acme/root", "clients/globex/root", "shop/acme/api-key", "legacy/acme"
LEAVING = "clients/initech/root"
GROUP, OTHER_GROUP = "/dbops/rotation", "/shop/orders"
FUNCTIONS, OF_CLIENTS = "/dbops/rotation/functions", "/dbops/rotation/clients/"
PARAMETER, OTHER_PARAMETER = "/dbops/rotation/settings", "/shop/settings"
MARK = [{"Key": "environment", "Value": "production"}]
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError")


class Account:
    """An account with things of ours and of others, and an identity for each duty."""

    def __init__(self, aws: Ministack) -> None:
        self.aws = aws
        secrets, sns, logs = (aws.client(name) for name in ("secretsmanager", "sns", "logs"))
        for name, tags in ((OURS, MARK), (UNMARKED, []), (THEIRS, MARK), (LEGACY, MARK), (LEAVING, MARK)):
            secrets.create_secret(Name=name, SecretString="x", Tags=tags)
        self.topic, self.other_topic = (sns.create_topic(Name=name)["TopicArn"] for name in ("rotation", "orders"))
        for name in (GROUP, OTHER_GROUP):
            logs.create_log_group(logGroupName=name)
        for name in (PARAMETER, OTHER_PARAMETER):
            aws.client("ssm").put_parameter(Name=name, Value="x", Type="String")
        kms = aws.client("kms")
        self.key = kms.create_key()["KeyMetadata"]["Arn"]
        self.encrypted = kms.encrypt(KeyId=self.key, Plaintext=b"x")["CiphertextBlob"]
        scope = Scope(
            account=ACCOUNT,
            region=REGION,
            key_arn=self.key,
            topic_arn=self.topic,
            log_group=GROUP,
            source_secrets=(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:legacy/*",),
            secret_tags={"environment": "production"},
            parameter=PARAMETER,
            function_parameters=(FUNCTIONS, f"{OF_CLIENTS}*"),
        )
        names = {"work": "dbops-rotation-work", "orders": "orders"}
        self.queues = {key: aws.client("sqs").create_queue(QueueName=name)["QueueUrl"] for key, name in names.items()}
        self.keys = {duty: aws.identity(duty, json.dumps(policy(duty, scope))) for duty in GRANTS}
        self.clients: dict[tuple[str, str, bool], Any] = {}

    def may(self, duty: str, call: Call, *, tls: bool = True) -> bool:
        """Whether a duty may make a call; anything else that goes wrong with it is an error of the test."""
        service, operation, given = call
        arguments = given(self) if callable(given) else given
        try:
            getattr(self.client(duty, service, tls=tls), operation)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED:
                raise
            return False
        return True

    def client(self, duty: str, service: str, *, tls: bool) -> Any:
        """A client of a duty, made once: making one takes longer than a call."""
        key = (duty, service, tls)
        if key not in self.clients:
            self.clients[key] = self.aws.client(service, self.keys[duty], tls=tls)
        return self.clients[key]


Call = tuple[str, str, dict[str, Any] | Callable[[Account], dict[str, Any]]]


@pytest.fixture(scope="module")
def account(workspace: Path) -> Iterator[Account]:
    aws = Ministack(workspace / "ministack")
    try:
        aws.start()
        yield Account(aws)
    finally:
        aws.stop()


def secret(operation: str, name: str, **more: Any) -> Call:
    return ("secretsmanager", operation, {"SecretId": name, **more})


def tagged(name: str, key: str) -> Call:
    return secret("tag_resource", name, Tags=[{"Key": key, "Value": "x"}])


def created(name: str, *tags: str) -> Call:
    given = [{"Key": key, "Value": "x"} for key in tags]
    return ("secretsmanager", "create_secret", {"Name": name, "SecretString": "x", "Tags": given})


def published(to: str) -> Call:
    return ("sns", "publish", lambda account: {"TopicArn": getattr(account, to), "Message": "x"})


def logged(group: str, name: str) -> Call:
    return ("logs", "create_log_stream", {"logGroupName": group, "logStreamName": name})


def settings(path: str) -> Call:
    return ("ssm", "get_parameters_by_path", {"Path": path, "Recursive": True})


def named(parameter: str) -> Call:
    return ("ssm", "get_parameters", {"Names": [parameter]})


def stored(parameter: str) -> Call:
    return ("ssm", "put_parameter", {"Name": parameter, "Value": "x", "Type": "String", "Overwrite": True})


def sent(queue: str) -> Call:
    entries = [{"Id": "0", "MessageBody": "x"}]
    return ("sqs", "send_message_batch", lambda account: {"QueueUrl": account.queues[queue], "Entries": entries})


LIST: Call = ("secretsmanager", "list_secrets", {})
ALLOWED: dict[str, tuple[str, Call]] = {
    "rotator reads": ("rotator", secret("get_secret_value", OURS)),
    "rotator writes": ("rotator", secret("put_secret_value", OURS, SecretString="y")),
    "rotator tags": ("rotator", tagged(OURS, "rotation/last")),
    "rotator lists": ("rotator", LIST),
    "rotator tells": ("rotator", published("topic")),
    "rotator leaves a trail": ("rotator", logged(GROUP, "rotator")),
    "onboarder creates": ("onboarder", created("clients/new/root", "rotation/client")),
    "onboarder takes over": ("onboarder", secret("get_secret_value", LEGACY)),
    "notifier tells": ("notifier", published("topic")),
    "notifier describes": ("notifier", secret("describe_secret", OURS)),
    "auditor describes": ("auditor", secret("describe_secret", OURS)),
    "auditor reads the trail": ("auditor", ("logs", "filter_log_events", {"logGroupName": GROUP})),
    "restorer reads": ("restorer", secret("get_secret_value", UNMARKED)),
    "restorer writes tags back": ("restorer", tagged(UNMARKED, "team")),
    **{
        f"{duty} reads stored settings": (duty, settings("/dbops/rotation"))
        for duty in GRANTS
        if duty not in OF_FUNCTIONS
    },
    "worker reads": ("worker", secret("get_secret_value", OURS)),
    "worker tells": ("worker", published("topic")),
    "sweeper reads its settings": ("sweeper", named(FUNCTIONS)),
    "sweeper reads those of a client": ("sweeper", named(f"{OF_CLIENTS}client_acme")),
    "sweeper sends": ("sweeper", sent("work")),
    "resetter tags": ("resetter", tagged(OURS, "rotation/due")),
    "native describes": ("native", secret("describe_secret", OURS)),
    "native writes what holds for a client": ("native", stored(f"{OF_CLIENTS}client_acme")),
    "offboarder describes": ("offboarder", secret("describe_secret", OURS)),
    "offboarder exports": ("offboarder", secret("get_secret_value", OURS)),
    "offboarder tags": ("offboarder", tagged(OURS, "rotation/offboarded")),
    "offboarder deletes with a way back": ("offboarder", secret("delete_secret", LEAVING, RecoveryWindowInDays=7)),
    "provisioner reads settings": ("provisioner", ("ssm", "get_parameter", {"Name": PARAMETER})),
    "provisioner writes settings": (
        *("provisioner",),
        ("ssm", "put_parameter", {"Name": PARAMETER, "Value": "y", "Overwrite": True, "Type": "String"}),
    ),
    "provisioner describes the key": ("provisioner", ("kms", "describe_key", lambda account: {"KeyId": account.key})),
}
REFUSED: dict[str, tuple[str, Call]] = {
    "rotator reads a secret of others": ("rotator", secret("get_secret_value", THEIRS)),
    "rotator reads without the mark": ("rotator", secret("get_secret_value", UNMARKED)),
    "rotator tags as others do": ("rotator", tagged(OURS, "team")),
    "rotator creates": ("rotator", created("clients/extra/root", "rotation/client")),
    "rotator deletes": ("rotator", secret("delete_secret", OURS)),
    "rotator replaces a secret": ("rotator", secret("update_secret", OURS, SecretString="z")),
    "rotator tells others": ("rotator", published("other_topic")),
    "rotator writes another log": ("rotator", logged(OTHER_GROUP, "rotator")),
    "rotator decrypts by itself": (
        *("rotator",),
        ("kms", "decrypt", lambda account: {"KeyId": account.key, "CiphertextBlob": account.encrypted}),
    ),
    "rotator makes a data key by itself": (
        *("rotator",),
        ("kms", "generate_data_key", lambda account: {"KeyId": account.key, "KeySpec": "AES_256"}),
    ),
    "rotator reads settings": ("rotator", ("ssm", "get_parameter", {"Name": PARAMETER})),
    **{f"{duty} reads what others store": (duty, settings("/shop")) for duty in GRANTS},
    "worker reads settings of others": ("worker", named(PARAMETER)),
    "worker reads without the mark": ("worker", secret("get_secret_value", UNMARKED)),
    "worker sends": ("worker", sent("work")),
    "sweeper sends elsewhere": ("sweeper", sent("orders")),
    "sweeper reads a password": ("sweeper", secret("get_secret_value", OURS)),
    "resetter reads a password": ("resetter", secret("get_secret_value", OURS)),
    "resetter tags as others do": ("resetter", tagged(OURS, "team")),
    "native writes what holds for all": ("native", stored(FUNCTIONS)),
    "offboarder deletes for good": ("offboarder", secret("delete_secret", OURS, ForceDeleteWithoutRecovery=True)),
    "offboarder deletes a secret of others": ("offboarder", secret("delete_secret", THEIRS, RecoveryWindowInDays=7)),
    "offboarder writes a password": ("offboarder", secret("put_secret_value", OURS, SecretString="y")),
    "offboarder writes what holds for a client": ("offboarder", stored(f"{OF_CLIENTS}client_acme")),
    "native reads a password": ("native", secret("get_secret_value", OURS)),
    "native gives away a secret of others": ("native", secret("cancel_rotate_secret", THEIRS)),
    "auditor reads what lies above": ("auditor", settings("/dbops")),
    "onboarder creates beside": ("onboarder", created("shop/new", "rotation/client")),
    "onboarder creates unmarked": ("onboarder", created("clients/plain/root")),
    "onboarder reads a secret of others": ("onboarder", secret("get_secret_value", THEIRS)),
    "notifier reads": ("notifier", secret("get_secret_value", OURS)),
    "notifier tells others": ("notifier", published("other_topic")),
    "auditor reads a password": ("auditor", secret("get_secret_value", OURS)),
    "auditor tags": ("auditor", tagged(OURS, "rotation/last")),
    "auditor reads another log": ("auditor", ("logs", "filter_log_events", {"logGroupName": OTHER_GROUP})),
    "auditor writes the trail": ("auditor", logged(GROUP, "auditor")),
    "restorer reads a secret of others": ("restorer", secret("get_secret_value", THEIRS)),
    "restorer deletes": ("restorer", secret("delete_secret", OURS)),
    "provisioner reads a password": ("provisioner", secret("get_secret_value", OURS)),
    "provisioner deletes a secret": ("provisioner", secret("delete_secret", OURS)),
    "provisioner reads other settings": ("provisioner", ("ssm", "get_parameter", {"Name": OTHER_PARAMETER})),
    "provisioner decrypts": (
        *("provisioner",),
        ("kms", "decrypt", lambda account: {"KeyId": account.key, "CiphertextBlob": account.encrypted}),
    ),
}


@pytest.mark.parametrize("what", ALLOWED)
def test_a_duty_may_do_its_work(account: Account, what: str) -> None:
    assert account.may(*ALLOWED[what])


@pytest.mark.parametrize("what", ALLOWED)
def test_nothing_is_done_without_tls(account: Account, what: str) -> None:
    assert not account.may(*ALLOWED[what], tls=False)


@pytest.mark.parametrize("what", REFUSED)
def test_a_duty_may_do_nothing_beside_it(account: Account, what: str) -> None:
    assert not account.may(*REFUSED[what])
