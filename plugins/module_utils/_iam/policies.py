# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a duty needs to the policy document of its role, limited to the resources of the scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .grants import (
    ALARMS,
    ALIASES,
    ALL,
    BY_LAMBDA,
    CLIENT_ROLES,
    DASHBOARDS,
    DEAD_QUEUE,
    DELETED_SECRETS,
    FLEET_ROLE,
    FUNCTION,
    GRANTS,
    INTERFACES,
    KEY,
    KEYS,
    LAMBDAS_LOGS,
    LAMBDAS_QUEUE,
    LOG_GROUP,
    LOGS,
    NEW_SECRETS,
    OF_CLIENTS,
    PARAMETER,
    PARAMETER_KEY,
    PARAMETERS,
    POLICIES,
    REPLICA_KEYS,
    ROLES,
    SECRETS,
    SOURCE_KEYS,
    SOURCES,
    STORED,
    TOPIC,
    TOPIC_KEY,
    TOPICS,
    TRAIL_LOGS,
    WORK_QUEUE,
)

VERSION = "2012-10-17"
OUR_TAGS = "rotation/*"
CLIENT_TAG = "rotation/client"
TAGGING = "secretsmanager:TagResource"
OVER_TLS = {"Bool": {"aws:SecureTransport": "true"}}
# A deletion that names its recovery window, and not one at once.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
WITH_A_WAY_BACK = {
    "BoolIfExists": {"secretsmanager:ForceDeleteWithoutRecovery": "false"},
    "NumericGreaterThanEquals": {"secretsmanager:RecoveryWindowInDays": "7"},
}

Document = dict[str, Any]
Conditions = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Scope:
    """What the policies of one account are limited to; what is empty gets no statement."""

    account: str
    region: str
    partition: str = "aws"
    prefix: str = "clients/"
    key_arn: str | None = None
    topic_arn: str | None = None
    topic_key_arn: str | None = None  # where it is not that of the secrets
    log_group: str | None = None
    trail_log_group: str | None = None
    client_roles: tuple[str, ...] = ()
    fleet_role: str | None = None  # in whose account the functions find all secrets
    source_secrets: tuple[str, ...] = ()
    source_keys: tuple[str, ...] = ()
    replica_keys: tuple[str, ...] = ()
    secret_tags: Mapping[str, str] = field(default_factory=dict)
    names: str = "dbops-rotation"
    parameter: str | None = None
    function_parameters: tuple[str, ...] = ()
    in_vpc: bool = False

    @property
    def secrets(self) -> str:
        """Return the ARN of all secrets that are ours."""
        return self.arn("secretsmanager", f"secret:{self.prefix}*")

    @property
    def logs(self) -> str:
        """Return the ARN of the log group and its streams."""
        return self._logs(self.log_group)

    @property
    def trail_logs(self) -> str:
        """Return the ARN of CloudTrail's log group and its streams."""
        return self._logs(self.trail_log_group)

    @property
    def parameters(self) -> str | None:
        """Return the ARN of the path that the parameter lies below, as AWS asks for it where all below is read."""
        path = (self.parameter or "").strip("/").rpartition("/")[0]
        return self.arn("ssm", f"parameter/{path}") if path else None

    def _logs(self, group: str | None) -> str:
        return self.arn("logs", f"log-group:{group}:*")

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def policy(duty: str, scope: Scope) -> Document:
    """Return the policy document of a duty; KeyError where there is no such duty."""
    return {"Version": VERSION, "Statement": list(_statements(duty, scope))}


def _statements(duty: str, scope: Scope) -> Iterator[Document]:
    for sid, on, tagging in (
        ("Secrets", SECRETS, False),
        ("Tags", SECRETS, True),
        ("NewSecrets", NEW_SECRETS, False),
        ("DeletedSecrets", DELETED_SECRETS, False),
        ("Sources", SOURCES, False),
        ("SourceKeys", SOURCE_KEYS, False),
        ("Lists", ALL, False),
        ("Key", KEY, False),
        ("ReplicaKeys", REPLICA_KEYS, False),
        ("Topic", TOPIC, False),
        ("TopicKey", TOPIC_KEY, False),
        ("AuditTrail", LOG_GROUP, False),
        ("CloudTrail", TRAIL_LOGS, False),
        ("Parameters", PARAMETERS, False),
        ("ParameterKey", PARAMETER_KEY, False),
        ("ClientRoles", CLIENT_ROLES, False),
        ("FleetRole", FLEET_ROLE, False),
        ("Keys", KEYS, False),
        ("Aliases", ALIASES, False),
        ("Topics", TOPICS, False),
        ("Logs", LOGS, False),
        ("Alarms", ALARMS, False),
        ("Dashboard", DASHBOARDS, False),
        ("Parameter", PARAMETER, False),
        ("Policies", POLICIES, False),
        ("Roles", ROLES, False),
        ("Stored", STORED, False),
        ("StoredOfClients", OF_CLIENTS, False),
        ("Work", WORK_QUEUE, False),
        ("Function", FUNCTION, False),
        ("LambdasLogs", LAMBDAS_LOGS, False),
        ("LambdasQueue", LAMBDAS_QUEUE, False),
        ("DeadLetters", DEAD_QUEUE, False),
        ("Interfaces", INTERFACES, False),
    ):
        actions = [grant.action for grant in GRANTS[duty] if grant.on == on and (grant.action == TAGGING) == tagging]
        resources = _resources(on, scope)
        if actions and resources:
            conditions = _by_lambda(on) if on in BY_LAMBDA else _conditions(sid, scope, creates=_creates(duty))
            allowed = {"Effect": "Allow", "Action": sorted(actions), "Resource": resources}
            yield {"Sid": sid, **allowed, **({"Condition": conditions} if conditions else {})}


def _creates(duty: str) -> bool:
    return any(grant.on == NEW_SECRETS for grant in GRANTS[duty])


def _resources(on: str, scope: Scope) -> list[str]:
    resources = {
        **_provisioner_arns(scope),
        **_function_arns(scope),
        ALL: ["*"],
        SECRETS: [scope.secrets],
        NEW_SECRETS: [scope.secrets],
        DELETED_SECRETS: [scope.secrets],
        KEY: [scope.key_arn],
        TOPIC: [scope.topic_arn],
        TOPIC_KEY: [(scope.topic_key_arn or scope.key_arn) if scope.topic_arn else None],
        PARAMETERS: [scope.parameters],
        PARAMETER_KEY: [scope.key_arn if scope.parameters else None],
        LOG_GROUP: [scope.logs if scope.log_group else None],
        TRAIL_LOGS: [scope.trail_logs if scope.trail_log_group else None],
        CLIENT_ROLES: scope.client_roles,
        FLEET_ROLE: [scope.fleet_role],
        SOURCES: scope.source_secrets,
        SOURCE_KEYS: scope.source_keys if scope.source_secrets else (),
        REPLICA_KEYS: scope.replica_keys,
    }
    return [arn for arn in resources[on] if arn]


def _provisioner_arns(scope: Scope) -> dict[str, Sequence[str | None]]:
    """Return the ARNs of what the provisioner may make."""
    of_account = f"arn:{scope.partition}:iam::{scope.account}"
    return {
        KEYS: [scope.arn("kms", "key/*")],
        ALIASES: [scope.arn("kms", f"alias/{scope.names}")],
        TOPICS: [scope.arn("sns", scope.names)],
        LOGS: [scope.arn("logs", "log-group:*")],
        ALARMS: [scope.arn("cloudwatch", f"alarm:{scope.names}-*")],
        DASHBOARDS: [f"arn:{scope.partition}:cloudwatch::{scope.account}:dashboard/{scope.names}"],
        PARAMETER: [scope.arn("ssm", f"parameter/{scope.parameter.lstrip('/')}") if scope.parameter else None],
        POLICIES: [f"{of_account}:policy/{scope.names}-*"],
        ROLES: [f"{of_account}:role/{scope.names}-*"],
    }


def _function_arns(scope: Scope) -> dict[str, Sequence[str | None]]:
    """Return the ARNs of what the functions work on."""
    stored = [scope.arn("ssm", f"parameter/{name.lstrip('/')}") for name in scope.function_parameters]
    work = [scope.arn("sqs", f"{scope.names}-work")]
    return {
        STORED: stored,
        OF_CLIENTS: [arn for arn in stored if arn.endswith("*")],
        WORK_QUEUE: work,
        FUNCTION: [scope.arn("lambda", f"function:{scope.names}-rotate")],
        LAMBDAS_LOGS: [scope.logs if scope.log_group else None],
        LAMBDAS_QUEUE: work,
        DEAD_QUEUE: [scope.arn("sqs", f"{scope.names}-dead")],
        INTERFACES: ["*" if scope.in_vpc else None],
    }


def _by_lambda(on: str) -> Conditions:
    """Return what a statement about Lambda's own calls asks for: the code of a function may make no interfaces."""
    return {"Null": {"lambda:SourceFunctionArn": "true"}} if on == INTERFACES else {}


def _conditions(sid: str, scope: Scope, *, creates: bool) -> Conditions:
    """Return what a statement asks for: TLS, except of keys, which are reached by other services and not by us.

    A duty that creates secrets meets them before they have tags: none are asked of it, and it may write any.
    """
    if sid in ("Key", "SourceKeys"):
        secrets = scope.secrets if sid == "Key" else [*scope.source_secrets]
        return {
            "StringEquals": {"kms:ViaService": f"secretsmanager.{scope.region}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:SecretARN": secrets},
        }
    if sid == "ReplicaKeys":
        copies = replace(scope, region="*").secrets
        through = {"kms:ViaService": "secretsmanager.*.amazonaws.com", "kms:EncryptionContext:SecretARN": copies}
        return {"StringLike": through}
    if sid == "ParameterKey":
        return {
            "StringEquals": {"kms:ViaService": f"ssm.{scope.region}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:PARAMETER_ARN": f"{scope.parameters}/*"},
        }
    if sid == "TopicKey":
        return {"StringEquals": {"kms:ViaService": f"sns.{scope.region}.amazonaws.com"}}
    if sid == "NewSecrets":
        return {**OVER_TLS, "Null": {f"aws:RequestTag/{CLIENT_TAG}": "false"}}
    if sid == "DeletedSecrets":
        return {**OVER_TLS, **WITH_A_WAY_BACK, **_tag_conditions(scope)}
    if sid not in ("Secrets", "Tags") or creates:
        return OVER_TLS
    return {**OVER_TLS, **_ours_only(sid), **_tag_conditions(scope)}


def _ours_only(sid: str) -> Conditions:
    return {"ForAllValues:StringLike": {"aws:TagKeys": [OUR_TAGS]}} if sid == "Tags" else {}


def _tag_conditions(scope: Scope) -> Conditions:
    if not scope.secret_tags:
        return {}
    return {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in sorted(scope.secret_tags.items())}}
