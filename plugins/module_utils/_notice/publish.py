# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand a notice to SNS. Whatever goes wrong there is told as one kind of error, for it never harms a password."""

from __future__ import annotations

from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._aws.errors import (
    DENIED,
    denied_action,
    error_code,
    translated,
)
from ansible_collections.dbops.rotation.plugins.module_utils._aws.refusals import Refusal, meaning_of, told
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._notice.limits import attribute
from ansible_collections.dbops.rotation.plugins.module_utils._notice.notice import Notice

ALLOW = "Allow it for this identity, and in the topic's policy."


def publish(client: Any, topic_arn: str, notice: Notice) -> str:
    """Publish a notice by a boto3 client of SNS and give the message's id; only RotationError is raised."""
    try:
        with translated("publish the notice", "sns", _refusal):
            return str(_publish(client, topic_arn, notice)["MessageId"])
    except RotationError:
        raise
    except Exception as error:  # botocore also raises plain ValueErrors, as for an endpoint that is no URL
        raise RotationError(f"Could not publish the notice ({type(error).__name__}).", code="sns_error") from None


def _publish(client: Any, topic_arn: str, notice: Notice) -> Any:
    attributes = notice.attributes()
    return client.publish(
        TopicArn=topic_arn,
        Subject=notice.sent_subject,
        Message=notice.message(),
        MessageStructure="json",
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
        **_in_order(topic_arn, notice),
    )


def _refusal(error: Any, doing: str, service: str) -> RotationError:
    code = error_code(error)
    meaning = meaning_of(service, code)
    if code in DENIED:
        meaning = Refusal(f"{denied_action(error, service)} is denied", ALLOW)
    return RotationError(f"Could not {doing}: {told(error, meaning)}", code="sns_refused", next_step=meaning.next_step)


def _in_order(topic_arn: str, notice: Notice) -> dict[str, str]:
    """Give what a FIFO topic asks for besides: one client's notices stay in order, and come once."""
    if not topic_arn.endswith(".fifo"):
        return {}
    group = "".join(char if char.isascii() and char.isalnum() else "_" for char in attribute(notice.client))
    return {"MessageGroupId": group[:128] or "_", "MessageDeduplicationId": notice.notice_id}
