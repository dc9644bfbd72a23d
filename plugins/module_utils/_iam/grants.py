# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which actions of AWS each duty needs, on what, and what stops without them: the source of policies and docs/iam.md.

No duty may delete a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# What an action works on.
SECRETS, NEW_SECRETS, ALL, KEY, TOPIC, LOG_GROUP = "secrets", "new secrets", "everything", "key", "topic", "log group"
CLIENT_ROLES, SOURCES, REPLICA_KEYS = "client roles", "source secrets", "replica keys"
SOURCE_KEYS = "keys of source secrets"
# The key as SNS uses it for who publishes.
TOPIC_KEY = "key of the topic"
# What the provisioner makes; all but keys, which have no names, are limited by name.
KEYS, ALIASES, TOPICS, LOGS, ALARMS = "any key", "key alias", "topics", "log groups", "alarms"
PARAMETER, POLICIES, ROLES = "parameter", "policies", "roles"
# Where that parameter and other settings are read.
PARAMETERS, PARAMETER_KEY = "path of the parameter", "key of parameters"


# How an action is known to be needed.
TAKEN_AWAY, USED, DOCUMENTED = "taken away in a test", "used in a test", "documented"


@dataclass(frozen=True)
class Grant:
    """One action that a duty needs, or else ``breaks`` stops."""

    action: str
    on: str
    breaks: str
    evidence: str = TAKEN_AWAY

    @property
    def proven(self) -> bool:
        """Whether a test takes it away and sees what stops."""
        return self.evidence == TAKEN_AWAY


def _by_evidence(evidence: str, *grants: Grant) -> tuple[Grant, ...]:
    return tuple(replace(grant, evidence=evidence) for grant in grants)


def _each(on: str, actions: str) -> tuple[Grant, ...]:
    return tuple(Grant(action, on, "making or taking away what an account needs") for action in actions.split())


KMS = _by_evidence(
    USED,
    Grant("kms:Decrypt", KEY, "every read of a secret that is encrypted with the key"),
    Grant("kms:GenerateDataKey", KEY, "every write of such a secret"),
)
REPLICA_KMS = _by_evidence(
    USED,
    Grant("kms:Encrypt", REPLICA_KEYS, "the copy of a secret to a replica region with a key of its own"),
    Grant("kms:GenerateDataKey", REPLICA_KEYS, "the copy of a secret to a replica region with a key of its own"),
)
AUDIT_TRAIL = (
    Grant("logs:CreateLogStream", LOG_GROUP, "the audit trail is kept in the spool of the machine only"),
    Grant("logs:PutLogEvents", LOG_GROUP, "the audit trail is kept in the spool of the machine only"),
)
NOTICES = (
    Grant("sns:Publish", TOPIC, "a notice is not delivered"),
    *_by_evidence(
        USED,
        Grant("kms:Decrypt", TOPIC_KEY, "a notice is not delivered where the topic is encrypted with the key"),
        Grant("kms:GenerateDataKey", TOPIC_KEY, "a notice is not delivered where the topic is encrypted with the key"),
    ),
)
# Every duty works over an inventory, which may read them.
SETTINGS = (
    Grant("ssm:GetParametersByPath", PARAMETERS, "every run over an inventory with `parameter_path`"),
    *_by_evidence(DOCUMENTED, Grant("kms:Decrypt", PARAMETER_KEY, "the same, where a SecureString there has the key")),
)
EXAMINED = (Grant("sns:GetTopicAttributes", TOPIC, "`doctor.yml` cannot tell whether the topic can be reached"),)

ROTATOR = (
    Grant("secretsmanager:GetSecretValue", SECRETS, "every rotation, at its first step"),
    Grant("secretsmanager:DescribeSecret", SECRETS, "every rotation, before it changes anything"),
    Grant("secretsmanager:PutSecretValue", SECRETS, "every rotation that needs a new password"),
    Grant("secretsmanager:UpdateSecretVersionStage", SECRETS, "a rotation after the new password is on the server"),
    Grant("secretsmanager:TagResource", SECRETS, "a rotation is not recorded, and is looked at again by every run"),
    Grant("secretsmanager:ListSecretVersionIds", SECRETS, "the state of a secret without our tags"),
    Grant("secretsmanager:ListSecrets", ALL, "onboarding, a first rotation, `verify`: is the account in two secrets?"),
    *KMS,
    # AWS says it of the call that makes a copy only; a new version it copies by itself.
    *_by_evidence(DOCUMENTED, *REPLICA_KMS),
    *NOTICES,
    *EXAMINED,
    *AUDIT_TRAIL,
    *SETTINGS,
    Grant("sts:AssumeRole", CLIENT_ROLES, "every client with `{option|assume_role_arn}`"),
)
ONBOARDER = (
    Grant("secretsmanager:CreateSecret", NEW_SECRETS, "onboarding, after the present password was proven"),
    Grant("secretsmanager:TagResource", SECRETS, "onboarding: AWS asks for it where a secret is created with tags"),
    Grant("secretsmanager:DescribeSecret", SECRETS, "onboarding: is there a secret already?"),
    Grant("secretsmanager:GetSecretValue", SECRETS, "onboarding a client that has a secret already"),
    Grant("secretsmanager:ListSecrets", ALL, "onboarding: is the account in another secret already?"),
    Grant("secretsmanager:GetSecretValue", SOURCES, "onboarding with `{option|onboard.source_secret_id}`"),
    Grant("secretsmanager:ReplicateSecretToRegions", SECRETS, "onboarding with `{option|onboard.replica}`"),
    *_by_evidence(
        USED, Grant("kms:Decrypt", SOURCE_KEYS, "the same, where that secret is encrypted with a key of its own")
    ),
    *KMS,
    *REPLICA_KMS,
    *AUDIT_TRAIL,
    *SETTINGS,
)
NOTIFIER = (
    Grant("secretsmanager:DescribeSecret", SECRETS, "what has been told is not known, so that it is told again"),
    Grant("secretsmanager:TagResource", SECRETS, "that a notice went out is not remembered"),
    *NOTICES,
    *SETTINGS,
)
AUDITOR = (
    Grant("secretsmanager:DescribeSecret", SECRETS, "the state of every client"),
    Grant("secretsmanager:ListSecretVersionIds", SECRETS, "the state of a secret without our tags"),
    Grant("secretsmanager:ListSecrets", ALL, "an inventory made of the secrets"),
    Grant("logs:FilterLogEvents", LOG_GROUP, "the history of a client"),
    *SETTINGS,
)
RESTORER = (
    Grant("secretsmanager:GetSecretValue", SECRETS, "backup, and the proof after a restore"),
    Grant("secretsmanager:DescribeSecret", SECRETS, "backup and restore"),
    Grant("secretsmanager:CreateSecret", NEW_SECRETS, "the restore of a secret that is gone"),
    Grant("secretsmanager:PutSecretValue", SECRETS, "the restore of its other versions"),
    Grant("secretsmanager:UpdateSecretVersionStage", SECRETS, "the restore of staging labels"),
    Grant("secretsmanager:TagResource", SECRETS, "the restore of tags"),
    Grant("secretsmanager:RestoreSecret", SECRETS, "the restore of a secret that waits for deletion"),
    Grant("secretsmanager:ListSecrets", ALL, "every restore: is the account in another secret by now?"),
    *KMS,
    *AUDIT_TRAIL,
    *SETTINGS,
)
MADE = _by_evidence(
    USED,
    *_each(ALL, "kms:CreateKey kms:ListAliases sns:ListTopics logs:DescribeLogGroups logs:DescribeMetricFilters"),
    *_each(ALL, "ssm:DescribeParameters iam:ListPolicies iam:ListAccountAliases cloudwatch:DescribeAlarms"),
    # AWS knows no resource of it: a statement that names topics allows nothing.
    *_each(ALL, "sns:Unsubscribe"),
    *_each(KEYS, "kms:DescribeKey kms:EnableKeyRotation kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListGrants"),
    *_each(KEYS, "kms:ListKeyPolicies kms:ListResourceTags kms:PutKeyPolicy kms:TagResource kms:UpdateKeyDescription"),
    *_each(KEYS, "kms:CancelKeyDeletion kms:EnableKey kms:ScheduleKeyDeletion kms:CreateAlias"),
    *_each(ALIASES, "kms:CreateAlias"),
    *_each(TOPICS, "sns:CreateTopic sns:DeleteTopic sns:GetTopicAttributes sns:ListSubscriptionsByTopic"),
    *_each(TOPICS, "sns:ListTagsForResource sns:SetTopicAttributes sns:Subscribe sns:TagResource"),
    *_each(LOGS, "logs:CreateLogGroup logs:DeleteLogGroup logs:DeleteMetricFilter logs:ListTagsLogGroup"),
    *_each(LOGS, "logs:AssociateKmsKey logs:PutMetricFilter logs:PutRetentionPolicy logs:TagLogGroup logs:TagResource"),
    *_each(ALARMS, "cloudwatch:DeleteAlarms cloudwatch:PutMetricAlarm"),
    *_each(PARAMETER, "ssm:AddTagsToResource ssm:DeleteParameter ssm:GetParameter ssm:ListTagsForResource"),
    *_each(PARAMETER, "ssm:PutParameter"),
    *_each(POLICIES, "iam:CreatePolicy iam:CreatePolicyVersion iam:DeletePolicy iam:DeletePolicyVersion"),
    *_each(POLICIES, "iam:GetPolicy iam:GetPolicyVersion iam:ListEntitiesForPolicy iam:ListPolicyVersions"),
    *_each(POLICIES, "iam:SetDefaultPolicyVersion iam:TagPolicy"),
    *_each(ROLES, "iam:AttachRolePolicy iam:CreateRole iam:DeleteRole iam:DetachRolePolicy iam:GetRole"),
    *_each(ROLES, "iam:ListAttachedRolePolicies iam:ListInstanceProfilesForRole iam:ListRolePolicies"),
    *_each(ROLES, "iam:TagRole iam:UpdateAssumeRolePolicy iam:UpdateRole"),
    *_each(SECRETS, "secretsmanager:DescribeSecret secretsmanager:GetResourcePolicy"),
    *_each(SECRETS, "secretsmanager:PutResourcePolicy secretsmanager:DeleteResourcePolicy"),
)
PROVISIONER = (*MADE, *SETTINGS)
GRANTS: dict[str, tuple[Grant, ...]] = {
    "rotator": ROTATOR,
    "onboarder": ONBOARDER,
    "notifier": NOTIFIER,
    "auditor": AUDITOR,
    "restorer": RESTORER,
    "provisioner": PROVISIONER,
}
