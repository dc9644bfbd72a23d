# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which actions of AWS each duty needs, on what, and what fails without them: the source of policies and docs/iam.md.

Only "offboarder" may delete a secret, never without a way back, and only "native" may have Secrets Manager rotate one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# What an action works on.
SECRETS, NEW_SECRETS, ALL, KEY, TOPIC, LOG_GROUP = "secrets", "new secrets", "everything", "key", "topic", "log group"
CLIENT_ROLES, SOURCES, REPLICA_KEYS = "client roles", "source secrets", "replica keys"
SOURCE_KEYS, DELETED_SECRETS = "keys of source secrets", "secrets, with a recovery window"
# The key as SNS uses it for who publishes.
TOPIC_KEY = "key of the topic"
# What the provisioner creates; all but keys, which have no names, are limited by name.
KEYS, ALIASES, TOPICS, LOGS, ALARMS = "any key", "key alias", "topics", "log groups", "alarms"
DASHBOARDS = "dashboard"
PARAMETER, POLICIES, ROLES = "parameter", "policies", "roles"
TRAIL_LOGS = "log group of CloudTrail"
# Where that parameter and other settings are read.
PARAMETERS, PARAMETER_KEY = "path of the parameter", "key of parameters"
# What the Lambda functions work on. Some of it Lambda does by itself, in the role of the function.
STORED, WORK_QUEUE, FUNCTION = "parameters of the functions", "work queue", "rotation function"
LAMBDAS_LOGS, LAMBDAS_QUEUE, DEAD_QUEUE = (
    "log group, by Lambda",
    "work queue, by Lambda",
    "dead-letter queue, by Lambda",
)
OF_CLIENTS = "parameters of clients"
# In whose account the secrets are, where their environment says so of all functions.
FLEET_ROLE = "role of all clients"
INTERFACES = "network interfaces, by Lambda"
BY_LAMBDA = (LAMBDAS_LOGS, LAMBDAS_QUEUE, DEAD_QUEUE, INTERFACES)

# How an action is known to be needed.
REMOVED, USED, DOCUMENTED = "removed in a test", "used in a test", "documented by AWS"


@dataclass(frozen=True)
class Grant:
    """One action that a duty needs; ``breaks`` says what happens without it."""

    action: str
    on: str
    breaks: str
    evidence: str = REMOVED

    @property
    def proven(self) -> bool:
        """Return True if a test removes it and sees what fails."""
        return self.evidence == REMOVED


def _by_evidence(evidence: str, *grants: Grant) -> tuple[Grant, ...]:
    return tuple(replace(grant, evidence=evidence) for grant in grants)


def _each(on: str, actions: str, playbook: str = "provision") -> tuple[Grant, ...]:
    return tuple(Grant(action, on, f"`{{playbook|{playbook}}}` fails") for action in actions.split())


KMS = _by_evidence(
    USED,
    Grant("kms:Decrypt", KEY, "no secret with this key can be read"),
    Grant("kms:GenerateDataKey", KEY, "no secret with this key can be written"),
)
REPLICA_KMS = _by_evidence(
    USED,
    Grant("kms:Encrypt", REPLICA_KEYS, "a replica region with a key of its own gets no copy of the secret"),
    Grant("kms:GenerateDataKey", REPLICA_KEYS, "a replica region with a key of its own gets no copy of the secret"),
)
AUDIT_TRAIL = (
    Grant("logs:CreateLogStream", LOG_GROUP, "the audit trail is only in the spool of the machine"),
    Grant("logs:PutLogEvents", LOG_GROUP, "the audit trail is only in the spool of the machine"),
)
NOTICES = (
    Grant("sns:Publish", TOPIC, "no notice is delivered"),
    *_by_evidence(
        USED,
        Grant("kms:Decrypt", TOPIC_KEY, "no notice is delivered if the topic has this key"),
        Grant("kms:GenerateDataKey", TOPIC_KEY, "no notice is delivered if the topic has this key"),
    ),
)
# Every duty works over an inventory, which may read them.
SETTINGS = (
    Grant("ssm:GetParametersByPath", PARAMETERS, "every run over an inventory with `parameter_path` fails"),
    *_by_evidence(DOCUMENTED, Grant("kms:Decrypt", PARAMETER_KEY, "such a run fails if a SecureString has this key")),
)
EXAMINED = (Grant("sns:GetTopicAttributes", TOPIC, "`{playbook|doctor}` cannot check the topic"),)

ROTATION = (
    Grant("secretsmanager:GetSecretValue", SECRETS, "every rotation fails at its first step"),
    Grant("secretsmanager:DescribeSecret", SECRETS, "every rotation fails before it changes anything"),
    Grant("secretsmanager:PutSecretValue", SECRETS, "every rotation that needs a new password fails"),
    Grant("secretsmanager:UpdateSecretVersionStage", SECRETS, "rotations fail after the server has the new password"),
    Grant("secretsmanager:TagResource", SECRETS, "a rotation is not recorded, and every run looks at it again"),
    Grant("secretsmanager:ListSecretVersionIds", SECRETS, "the state of a secret without our tags is unknown"),
    Grant(
        "secretsmanager:ListSecrets",
        ALL,
        "a first rotation and `{playbook|verify}` cannot look for a second secret; `{playbook|rotate_due}` is slow",
    ),
    *KMS,
    # AWS says it of the call that makes a copy only; a new version it copies by itself.
    *_by_evidence(DOCUMENTED, *REPLICA_KMS),
    *NOTICES,
    Grant("sts:AssumeRole", CLIENT_ROLES, "every client with `{option|assume_role_arn}` fails"),
)
ROTATOR = (*ROTATION, *EXAMINED, *AUDIT_TRAIL, *SETTINGS)
ONBOARDER = (
    Grant("secretsmanager:CreateSecret", NEW_SECRETS, "onboarding fails after it has proven the password"),
    Grant("secretsmanager:TagResource", SECRETS, "onboarding fails: AWS wants it to create a secret with tags"),
    Grant("secretsmanager:DescribeSecret", SECRETS, "onboarding cannot see whether the secret exists"),
    Grant("secretsmanager:GetSecretValue", SECRETS, "onboarding fails if the secret exists"),
    Grant("secretsmanager:ListSecrets", ALL, "onboarding cannot look for a second secret of the account"),
    Grant("secretsmanager:GetSecretValue", SOURCES, "onboarding with `{option|onboard.source_secret_id}` fails"),
    Grant("secretsmanager:ReplicateSecretToRegions", SECRETS, "no region of `{option|onboard.replica}` gets a copy"),
    *_by_evidence(USED, Grant("kms:Decrypt", SOURCE_KEYS, "onboarding fails if the source secret has this key")),
    *KMS,
    *REPLICA_KMS,
    *AUDIT_TRAIL,
    *SETTINGS,
)
NOTIFIER = (
    Grant("secretsmanager:DescribeSecret", SECRETS, "it is unknown what was sent, so a notice may be sent again"),
    Grant("secretsmanager:TagResource", SECRETS, "a notice is not recorded as sent, so it is sent again"),
    *NOTICES,
    *SETTINGS,
)
NO_ROLES = "`{playbook|evidence}` has no roles and no policies of roles"
NO_READERS = "`{playbook|evidence}` does not look for unexpected readers"
AUDITOR = (
    Grant("secretsmanager:DescribeSecret", SECRETS, "the state of every client is unknown"),
    Grant("secretsmanager:ListSecretVersionIds", SECRETS, "the state of a secret without our tags is unknown"),
    Grant("secretsmanager:ListSecrets", ALL, "an inventory of `dbops.rotation.fleet` fails"),
    Grant(
        "logs:FilterLogEvents",
        LOG_GROUP,
        "`{playbook|history}`, `{playbook|report}` and `{playbook|evidence}` cannot read the log group",
    ),
    Grant("secretsmanager:GetResourcePolicy", SECRETS, "`{playbook|evidence}` has no policies of secrets"),
    Grant("cloudwatch:DescribeAlarms", ALL, "`{playbook|evidence}` has no alarms"),
    *(Grant(action, ROLES, NO_ROLES) for action in ("iam:GetRole", "iam:GetRolePolicy")),
    *(Grant(action, ROLES, NO_ROLES) for action in ("iam:ListAttachedRolePolicies", "iam:ListRolePolicies")),
    *(Grant(action, POLICIES, NO_ROLES) for action in ("iam:GetPolicy", "iam:GetPolicyVersion")),
    Grant("logs:DescribeMetricFilters", TRAIL_LOGS, NO_READERS),
    Grant("logs:FilterLogEvents", TRAIL_LOGS, NO_READERS),
    *SETTINGS,
)
RESTORER = (
    Grant("secretsmanager:GetSecretValue", SECRETS, "backups fail, and no restore can be proven"),
    Grant("secretsmanager:DescribeSecret", SECRETS, "backup and restore fail"),
    Grant("secretsmanager:CreateSecret", NEW_SECRETS, "a secret that is gone cannot be restored"),
    Grant("secretsmanager:PutSecretValue", SECRETS, "the other versions of a secret cannot be restored"),
    Grant("secretsmanager:UpdateSecretVersionStage", SECRETS, "staging labels cannot be restored"),
    Grant("secretsmanager:TagResource", SECRETS, "tags cannot be restored"),
    Grant("secretsmanager:RestoreSecret", SECRETS, "a secret with a deletion date cannot be restored"),
    Grant("secretsmanager:ListSecrets", ALL, "restore cannot look for a second secret of the account"),
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
    *_each(DASHBOARDS, "cloudwatch:DeleteDashboards cloudwatch:GetDashboard cloudwatch:PutDashboard"),
    *_each(PARAMETER, "ssm:AddTagsToResource ssm:DeleteParameter ssm:GetParameter ssm:ListTagsForResource"),
    *_each(PARAMETER, "ssm:PutParameter"),
    *_each(POLICIES, "iam:CreatePolicy iam:CreatePolicyVersion iam:DeletePolicy iam:DeletePolicyVersion"),
    *_each(POLICIES, "iam:GetPolicy iam:GetPolicyVersion iam:ListEntitiesForPolicy iam:ListPolicyVersions"),
    *_each(POLICIES, "iam:SetDefaultPolicyVersion iam:TagPolicy"),
    *_each(ROLES, "iam:AttachRolePolicy iam:CreateRole iam:DeleteRole iam:DetachRolePolicy iam:GetRole"),
    *_each(ROLES, "iam:ListAttachedRolePolicies iam:ListInstanceProfilesForRole iam:ListRolePolicies"),
    *_each(ROLES, "iam:TagRole iam:UpdateAssumeRolePolicy iam:UpdateRole"),
    *_each(SECRETS, "secretsmanager:DescribeSecret secretsmanager:GetResourcePolicy", "access"),
    *_each(SECRETS, "secretsmanager:PutResourcePolicy secretsmanager:DeleteResourcePolicy", "access"),
)
PROVISIONER = (*MADE, *SETTINGS)

# No emulator asks for these: it does Lambda's part without a role.
LAMBDAS_OWN = _by_evidence(
    DOCUMENTED,
    Grant("logs:CreateLogStream", LAMBDAS_LOGS, "the log of the function and its audit events are lost"),
    Grant("logs:PutLogEvents", LAMBDAS_LOGS, "the log of the function and its audit events are lost"),
)
FAILED_CALLS = _by_evidence(DOCUMENTED, Grant("sqs:SendMessage", DEAD_QUEUE, "a call that failed for good is lost"))
STORED_SETTINGS = Grant("ssm:GetParameters", STORED, "every call fails, because it cannot read its settings")
IN_FLEET_ROLE = Grant("sts:AssumeRole", FLEET_ROLE, "every call fails if `ROTATION_ASSUME_ROLE_ARN` is set")
NO_MESSAGE = "the function gets no message of the sweep and no event"
IN_A_VPC = "the function cannot be created, changed or started in a VPC"
WORKER = (
    *ROTATION,
    IN_FLEET_ROLE,
    STORED_SETTINGS,
    *LAMBDAS_OWN,
    *_by_evidence(
        DOCUMENTED,
        Grant("sqs:ReceiveMessage", LAMBDAS_QUEUE, NO_MESSAGE),
        Grant("sqs:DeleteMessage", LAMBDAS_QUEUE, "every message comes three times, and ends in the dead-letter queue"),
        Grant("sqs:GetQueueAttributes", LAMBDAS_QUEUE, NO_MESSAGE),
        Grant("ec2:CreateNetworkInterface", INTERFACES, IN_A_VPC),
        Grant("ec2:DescribeNetworkInterfaces", INTERFACES, IN_A_VPC),
        Grant("ec2:DescribeSubnets", INTERFACES, IN_A_VPC),
        Grant("ec2:DeleteNetworkInterface", INTERFACES, "the interfaces stay when the function is deleted"),
        Grant("ec2:AssignPrivateIpAddresses", INTERFACES, IN_A_VPC),
        Grant("ec2:UnassignPrivateIpAddresses", INTERFACES, IN_A_VPC),
    ),
)
SWEEPER = (
    Grant("secretsmanager:ListSecrets", ALL, "every sweep fails, so no due client is rotated"),
    IN_FLEET_ROLE,
    Grant("sqs:SendMessage", WORK_QUEUE, "every sweep that finds a due client fails"),
    STORED_SETTINGS,
    *LAMBDAS_OWN,
    *FAILED_CALLS,
)
RESETTER = (
    Grant("secretsmanager:DescribeSecret", SECRETS, "every reset fails before it changes anything"),
    Grant("secretsmanager:TagResource", SECRETS, "every reset fails"),
    IN_FLEET_ROLE,
    *LAMBDAS_OWN,
    *FAILED_CALLS,
)
RUN_BY = (
    Grant(
        "ssm:GetParameters", OF_CLIENTS, "`{playbook|runner}` fails for a client that was ever left to the functions"
    ),
    Grant("ssm:PutParameter", OF_CLIENTS, "a client with settings of its own cannot be left to the functions"),
    Grant("ssm:DeleteParameter", OF_CLIENTS, "a client whose parameter has to go cannot come back to the playbooks"),
)
OFFBOARDER = (
    Grant("secretsmanager:DescribeSecret", SECRETS, "offboarding fails before it changes anything"),
    Grant("secretsmanager:GetResourcePolicy", SECRETS, "offboarding fails before it changes anything"),
    Grant("secretsmanager:TagResource", SECRETS, "offboarding fails before it changes anything"),
    Grant("secretsmanager:DeleteResourcePolicy", SECRETS, "a secret with our resource policy cannot be offboarded"),
    Grant("secretsmanager:PutResourcePolicy", SECRETS, "nor one whose policy has statements of others, too"),
    Grant("secretsmanager:CancelRotateSecret", SECRETS, "a client with Secrets Manager's own rotation cannot leave"),
    Grant("secretsmanager:RemoveRegionsFromReplication", SECRETS, "a client with replica regions cannot leave"),
    Grant("secretsmanager:UntagResource", SECRETS, "the tags stay, and the secret is not deleted"),
    Grant("secretsmanager:DeleteSecret", DELETED_SECRETS, "the secret is not deleted"),
    Grant("secretsmanager:RestoreSecret", SECRETS, "a deletion is not cancelled where a rotation came between"),
    Grant("secretsmanager:GetSecretValue", SECRETS, "the password cannot be exported first"),
    Grant("ssm:GetParameters", OF_CLIENTS, "a client that was ever left to the functions cannot leave"),
    Grant("ssm:DeleteParameter", OF_CLIENTS, "nor one that has a parameter"),
    *KMS[:1],
    *NOTICES,
    *AUDIT_TRAIL,
    *SETTINGS,
)
NATIVE = (
    Grant("secretsmanager:RotateSecret", SECRETS, "a secret cannot get the rotation of Secrets Manager"),
    Grant("secretsmanager:CancelRotateSecret", SECRETS, "a secret cannot lose the rotation of Secrets Manager"),
    Grant("secretsmanager:DescribeSecret", SECRETS, "both fail before they change anything"),
    Grant("secretsmanager:TagResource", SECRETS, "both fail: the tag names the function that may rotate"),
    *_by_evidence(
        DOCUMENTED, Grant("lambda:InvokeFunction", FUNCTION, "a secret cannot get the rotation of Secrets Manager")
    ),
    *RUN_BY,
    *SETTINGS,
)
GRANTS: dict[str, tuple[Grant, ...]] = {
    "rotator": ROTATOR,
    "onboarder": ONBOARDER,
    "notifier": NOTIFIER,
    "auditor": AUDITOR,
    "restorer": RESTORER,
    "provisioner": PROVISIONER,
    "worker": WORKER,
    "sweeper": SWEEPER,
    "resetter": RESETTER,
    "native": NATIVE,
    "offboarder": OFFBOARDER,
}
# Those that the functions' roles have; provision.yml makes no role for them.
OF_FUNCTIONS = ("worker", "sweeper", "resetter")
