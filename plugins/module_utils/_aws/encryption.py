# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which KMS key encrypts a topic and a log group. Whatever goes wrong there raises one kind of error."""

from __future__ import annotations

from typing import Any

from .resources import call, read


class EncryptedTopic:
    """A topic of SNS; only RotationError is raised."""

    def __init__(self, client: Any, arn: str) -> None:
        """Take a boto3 client of SNS."""
        self._client, self.arn = client, arn

    @property
    def title(self) -> str:
        """Return the words for messages."""
        return f"the topic {self.arn}"

    def key(self) -> str | None:
        """Read which key encrypts it; None for none, or where there is no such topic."""
        answer = read(self._client, "get_topic_attributes", f"look at {self.title}", TopicArn=self.arn)
        return (answer.get("Attributes", {}).get("KmsMasterKeyId") or None) if answer else None

    def encrypt(self, key_arn: str) -> None:
        """Have its messages encrypted with a key."""
        arguments = {"TopicArn": self.arn, "AttributeName": "KmsMasterKeyId", "AttributeValue": key_arn}
        call(self._client, "set_topic_attributes", f"encrypt {self.title}", **arguments)


class EncryptedLogGroup:
    """A log group of CloudWatch Logs; only RotationError is raised."""

    def __init__(self, client: Any, name: str) -> None:
        """Take a boto3 client of CloudWatch Logs."""
        self._client, self.name = client, name

    @property
    def title(self) -> str:
        """Return the words for messages."""
        return f"the log group {self.name}"

    def key(self) -> str | None:
        """Read which key encrypts what comes into it; None for none, or where there is no such group."""
        answer = call(self._client, "describe_log_groups", f"look at {self.title}", logGroupNamePrefix=self.name)
        return next((one.get("kmsKeyId") for one in answer["logGroups"] if one["logGroupName"] == self.name), None)

    def encrypt(self, key_arn: str) -> None:
        """Have what comes from now on encrypted with a key; CloudWatch Logs takes up to five minutes for it."""
        arguments = {"logGroupName": self.name, "kmsKeyId": key_arn}
        call(self._client, "associate_kms_key", f"encrypt {self.title}", **arguments)
