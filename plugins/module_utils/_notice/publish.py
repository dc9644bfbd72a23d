# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand a notice to SNS. All that goes wrong there becomes one kind of error, for it never harms a password."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from .._aws.errors import DENIED, denied_action, error_code, translated
from .._aws.principals import principal
from .._aws.refusals import Refusal, describe_refusal, meaning_of
from .._codes import Code
from .._errors import RotationError
from .limits import attribute
from .notice import Notice

KMS_DENIED = "KMSAccessDenied"
# Whom AWS names in a refusal.
NAMED = re.compile(r"User: (arn:[\w-]+:(?:iam|sts)::\d{12}:[\w+=,.@/-]+) is not authorized")


def publish(client: Any, topic_arn: str, notice: Notice, role_arn: str | None = None) -> str:
    """Publish a notice by a boto3 client of SNS, in a role if there is one, and return the message's id.

    Only RotationError is raised.
    """
    try:
        with translated("publish the notice", "sns", partial(_refusal, topic_arn, role_arn)):
            return str(_publish(client, topic_arn, notice)["MessageId"])
    except RotationError:
        raise
    except Exception as error:  # botocore also raises plain ValueErrors, as for an endpoint that is no URL
        raise RotationError(f"Could not publish the notice ({type(error).__name__}).", code=Code.SNS_ERROR) from None


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


def _refusal(topic_arn: str, role_arn: str | None, error: Any, doing: str, service: str) -> RotationError:
    code = error_code(error)
    meaning = meaning_of(service, code)
    if code in DENIED:
        meaning = Refusal(f"{denied_action(error, service)} is denied", _allow(role_arn or _principal_in(error)))
    if code in DENIED or code.startswith(KMS_DENIED):
        meaning = _of_another_account(meaning, topic_arn, role_arn or _principal_in(error))
    return RotationError(
        f"Could not {doing}: {describe_refusal(error, meaning)}", code=Code.SNS_REFUSED, next_step=meaning.next_step
    )


def _allow(who: str | None) -> str:
    return f"Allow it for {who or 'this identity'}, and in the topic's policy."


def _of_another_account(meaning: Refusal, topic_arn: str, who: str | None) -> Refusal:
    """Return what lets in somebody of another account than the topic's: the topic and its key have to name him."""
    account = (topic_arn.split(":") + [""] * 5)[4]
    if not who or who.split(":")[4] == account:
        return meaning
    return meaning._replace(
        next_step=f"{who} is of another account than the topic. Name it in {{option|provision.publishers}} and run"
        f" {{playbook|provision}} in the account {account}, which lets it in by the policies of the topic and its"
        " key; in its own policy it needs sns:Publish on the topic, and kms:GenerateDataKey and kms:Decrypt on the key"
        " ({option|provision.notice_topic_arn} and {option|provision.notice_key_arn} in its own account)."
    )


def _principal_in(error: Any) -> str | None:
    match = NAMED.search(str(error.response["Error"].get("Message")))
    return principal(match[1]) if match else None


def _in_order(topic_arn: str, notice: Notice) -> dict[str, str]:
    """Return what a FIFO topic asks for besides: one client's notices stay in order, and come once."""
    if not topic_arn.endswith(".fifo"):
        return {}
    group = "".join(char if char.isascii() and char.isalnum() else "_" for char in attribute(notice.client))
    return {"MessageGroupId": group[:128] or "_", "MessageDeduplicationId": notice.notice_id}
