# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS documents and the SDK's models do not say: one table, each rule with its source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from . import limits
from .model import code
from .violation import Violation

SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest"
TAGGING = "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"
SNS = "https://docs.aws.amazon.com/sns/latest"
LOGS = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference"
IAM_QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
STS = "https://docs.aws.amazon.com/STS/latest/APIReference"
SSM = "https://docs.aws.amazon.com/systems-manager/latest/APIReference"
KMS = "https://docs.aws.amazon.com/kms/latest/APIReference"
SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference"
CLOUDWATCH = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference"
ANY = "*"
WHOLE = ""  # the whole request rather than one parameter


@dataclass(frozen=True)
class Rule:
    """What a parameter of an operation has to be; `wrong` gives what it is instead, a piece of a sentence."""

    service: str
    operation: str
    parameter: str
    wrong: Callable[[Any], Iterator[str]]
    source: str
    code: str = ""

    def concerns(self, service: str, operation: str) -> bool:
        """Return True if a request falls under this rule."""
        return self.service in (ANY, service) and self.operation in (ANY, operation)


RULES = (
    *(Rule(ANY, ANY, name, limits.tags, TAGGING) for name in ("Tags", "tags")),
    *(Rule(ANY, ANY, name, limits.tag_keys, TAGGING) for name in ("TagKeys", "tagKeys")),
    # Secrets Manager
    Rule("secretsmanager", "CreateSecret", "Name", limits.secret_name, f"{SECRETS}/apireference/API_CreateSecret.html"),
    Rule("secretsmanager", ANY, "SecretId", limits.secret_id, f"{SECRETS}/apireference/API_CreateSecret.html"),
    Rule("secretsmanager", ANY, "SecretString", limits.secret_size, f"{SECRETS}/userguide/reference_limits.html"),
    Rule("secretsmanager", "ListSecrets", "Filters", limits.filters, f"{SECRETS}/apireference/API_Filter.html"),
    Rule("secretsmanager", "DeleteSecret", WHOLE, limits.deletion, f"{SECRETS}/apireference/API_DeleteSecret.html"),
    Rule(
        "secretsmanager",
        "PutResourcePolicy",
        "ResourcePolicy",
        limits.policy(20_480),
        f"{SECRETS}/userguide/reference_limits.html",
    ),
    # SNS. The models and newer pages speak of UTF-8 in subjects, the older ones of ASCII: the stricter counts.
    Rule("sns", "Publish", "Subject", limits.subject, f"{SNS}/api/API_Publish.html"),
    Rule("sns", "Publish", WHOLE, limits.message, f"{SNS}/api/API_Publish.html"),
    Rule("sns", "Publish", "MessageAttributes", limits.attributes, f"{SNS}/dg/sns-message-attributes.html"),
    Rule(
        "sns",
        "CreateTopic",
        "Name",
        limits.name(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo"),
        f"{SNS}/api/API_CreateTopic.html",
    ),
    # CloudWatch Logs and CloudWatch
    Rule("logs", "PutLogEvents", "logEvents", limits.log_events, f"{LOGS}/API_PutLogEvents.html"),
    Rule("logs", "PutRetentionPolicy", "retentionInDays", limits.retention, f"{LOGS}/API_PutRetentionPolicy.html"),
    Rule("cloudwatch", ANY, "AlarmName", limits.name(r"[\x20-\x7e]+"), f"{CLOUDWATCH}/API_PutMetricAlarm.html"),
    # IAM and STS; white space does not count in IAM.
    Rule("iam", "CreatePolicy", "PolicyDocument", limits.policy(6_144), IAM_QUOTAS, "LimitExceeded"),
    Rule("iam", "CreatePolicyVersion", "PolicyDocument", limits.policy(6_144), IAM_QUOTAS, "LimitExceeded"),
    Rule("iam", "PutRolePolicy", "PolicyDocument", limits.policy(10_240), IAM_QUOTAS, "LimitExceeded"),
    Rule("iam", "PutUserPolicy", "PolicyDocument", limits.policy(2_048), IAM_QUOTAS, "LimitExceeded"),
    Rule("iam", "PutGroupPolicy", "PolicyDocument", limits.policy(5_120), IAM_QUOTAS, "LimitExceeded"),
    Rule("iam", "CreateRole", "AssumeRolePolicyDocument", limits.policy(2_048), IAM_QUOTAS, "LimitExceeded"),
    Rule("iam", "UpdateAssumeRolePolicy", "PolicyDocument", limits.policy(2_048), IAM_QUOTAS, "LimitExceeded"),
    Rule("sts", "AssumeRole", "Policy", limits.policy(2_048), f"{STS}/API_AssumeRole.html", "PackedPolicyTooLarge"),
    # KMS, Parameter Store, SQS
    Rule(
        "kms", ANY, "Policy", limits.policy(32_768), f"{KMS}/API_PutKeyPolicy.html", "MalformedPolicyDocumentException"
    ),
    Rule(
        "kms",
        "CreateAlias",
        "AliasName",
        limits.name(r"alias/(?!aws/).+"),
        f"{KMS}/API_CreateAlias.html",
        "InvalidAliasNameException",
    ),
    Rule("ssm", "PutParameter", "Name", limits.parameter_name, f"{SSM}/API_PutParameter.html"),
    Rule("ssm", "PutParameter", WHOLE, limits.parameter_value, f"{SSM}/API_PutParameter.html"),
    Rule(
        "sqs",
        "CreateQueue",
        "QueueName",
        limits.name(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo"),
        f"{SQS}/API_CreateQueue.html",
    ),
)


def violations(service: str, operation: str, params: dict[str, Any]) -> Iterator[Violation]:
    """Return what the documented rules do not allow in a request that fits the model."""
    for rule in RULES:
        if rule.concerns(service, operation) and (rule.parameter == WHOLE or rule.parameter in params):
            for wrong in rule.wrong(params if rule.parameter == WHOLE else params[rule.parameter]):
                yield Violation(rule.parameter or "the request", wrong, rule.source, rule.code or code(service))
