# SPDX-License-Identifier: GPL-3.0-or-later
"""Which key encrypts a topic and a log group: on moto, and on the wire where moto knows no such call."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber
from emulated import REGION, client_of, done

from ansible_collections.dbops.rotation.plugins.module_utils._aws.encryption import EncryptedLogGroup, EncryptedTopic
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._module.encryption import ENCRYPTION

pytestmark = pytest.mark.usefixtures("aws")

KEY = f"arn:aws:kms:{REGION}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
GROUP = "/dbops/rotation"


@pytest.fixture
def topic() -> str:
    return str(client_of("sns").create_topic(Name="dbops-rotation")["TopicArn"])


def run(*, check: bool = False, **given: Any) -> dict[str, Any]:
    return done(ENCRYPTION, check=check, **{"kms_key_arn": KEY, **given})


def key_of(topic: str) -> str | None:
    found = client_of("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    return found.get("KmsMasterKeyId") or None


def test_a_topic_is_encrypted_once(topic: str) -> None:
    foretold = run(topic_arn=topic, check=True)
    assert foretold["changed"] and key_of(topic) is None
    done = run(topic_arn=topic)
    assert done["msg"] == f"account: the topic {topic} was encrypted with {KEY}" and key_of(topic) == KEY
    assert done["diff"] == {"before": {f"the topic {topic}": None}, "after": {f"the topic {topic}": KEY}}
    again = run(topic_arn=topic)
    assert not again["changed"] and again["msg"] == "account: all is encrypted already"


def test_a_topic_with_another_key_gets_this_one(topic: str) -> None:
    run(topic_arn=topic, kms_key_arn="alias/aws/sns")
    assert run(topic_arn=topic)["changed"] and key_of(topic) == KEY


def test_a_log_group_that_was_made_with_the_key_is_left_alone(topic: str) -> None:
    logs = client_of("logs")
    logs.create_log_group(logGroupName=f"{GROUP}/other")
    logs.create_log_group(logGroupName=GROUP, kmsKeyId=KEY)
    assert not run(log_group=GROUP)["changed"]
    assert run(log_group=GROUP, topic_arn=topic)["msg"] == f"account: the topic {topic} was encrypted with {KEY}"


def test_what_does_not_exist_is_foretold_and_told(topic: str) -> None:
    missing = f"{topic}-missing"
    assert run(topic_arn=missing, log_group=GROUP, check=True)["changed"]
    failed = run(topic_arn=missing)
    assert failed["failed"] and failed["error"]["code"] == "aws_not_found"
    assert f"Could not encrypt the topic {missing}: it does not exist" in failed["msg"]
    assert "playbooks/provision.yml" in failed["msg"]


def test_a_log_group_that_was_there_before_gets_the_key() -> None:
    logs = client_of("logs")
    group = EncryptedLogGroup(logs, GROUP)
    with Stubber(logs) as wire:
        wire.add_response(
            "describe_log_groups", {"logGroups": [{"logGroupName": GROUP}]}, {"logGroupNamePrefix": GROUP}
        )
        wire.add_response("associate_kms_key", {}, {"logGroupName": GROUP, "kmsKeyId": KEY})
        assert group.key() is None
        group.encrypt(KEY)
        wire.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "told", "step"),
    [
        ("AccessDeniedException", "logs:AssociateKmsKey is denied", "docs/iam.md"),
        (
            "InvalidParameterException",
            r"refused the shape of the call \(InvalidParameterException\)",
            "the key is enabled",
        ),
    ],
)
def test_a_refusal_names_the_action_or_the_key(code: str, told: str, step: str) -> None:
    logs = client_of("logs")
    with Stubber(logs) as wire:
        wire.add_client_error("associate_kms_key", code)
        with pytest.raises(RotationError, match=told) as failed:
            EncryptedLogGroup(logs, GROUP).encrypt(KEY)
    assert step in failed.value.next_step


def test_another_error_than_a_missing_topic_is_not_taken_for_one(topic: str) -> None:
    sns = client_of("sns")
    with Stubber(sns) as wire:
        wire.add_client_error("get_topic_attributes", "AuthorizationError")
        with pytest.raises(RotationError, match="sns:GetTopicAttributes is denied"):
            EncryptedTopic(sns, topic).key()
