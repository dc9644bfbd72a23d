# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ministack with what AWS does and it leaves out; this runs in ministack's own environment.

* Secrets Manager gives a new secret's first version the id that its creator asked for.
* Secrets Manager and SNS use a customer's KMS key in the name of who called, so that his policies and the key's both
  have to allow it. Which calls use it for what:
  https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
  https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
* IAM knows a log group by the ARN that ends with `:*`:
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
* aws:PrincipalArn of a session is its role:
  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
* The recovery window of a deletion is a condition key:
  https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
* ListSecrets compares the beginning of a tag:
  https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html
* IAM has one action for a message and for a batch of them.
* KMS looks an alias up before it asks for permission on its key, and so finds that there is none.
* Lambda waits for all that a function has written before it says what that was.
* What was asked of IAM, and its answer, is written down.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.core.iam_evaluator import EvalResult, resolve_principal
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import kms, secretsmanager, sns

DECISIONS = os.environ["MINISTACK_DECISIONS"]
# What a call does with the key of its secret.
READS, WRITES, COPIES = ("Decrypt",), ("GenerateDataKey", "Decrypt"), ("Encrypt", "GenerateDataKey")
USES = {"GetSecretValue": READS, "PutSecretValue": WRITES, "ReplicateSecretToRegions": READS}
# arn:aws:logs:region:account:log-group:name
LOG_GROUP_COLONS = 6

Data = dict[str, Any]
Use = tuple[str, str, str, dict[str, str]]

TAG_FILTERS = {"tag-key": "Key", "tag-value": "Value"}
names_passing = secretsmanager._filter_secret_names
enforce, resource_of = iam_evaluator.enforce, iam_actions.extract_resource_arn
value_of = iam_evaluator._resolve_condition_key
SESSION = re.compile(r"(arn:[\w-]+:)sts(::\d{12}:)assumed-role/(.+)/[^/]+")
# What ministack knows no resource of: the field of the call that names it, and what comes before that in its ARN.
NAMED_BY = {
    "CreateAlias": ("AliasName", "kms:{region}:{account}:"),
    "ListTagsForResource": ("ResourceArn", ""),
    "GetDashboard": ("DashboardName", "cloudwatch::{account}:dashboard/"),
    "PutDashboard": ("DashboardName", "cloudwatch::{account}:dashboard/"),
    "DeleteDashboards": ("DashboardNames", "cloudwatch::{account}:dashboard/"),
    "DeleteAlarms": ("AlarmNames", "cloudwatch:{region}:{account}:alarm:"),
    "GetParametersByPath": ("Path", "ssm:{region}:{account}:parameter"),
    "GetParameters": ("Names", "ssm:{region}:{account}:parameter"),
    "CreatePolicy": ("PolicyName", "iam::{account}:policy/"),
}


# The condition keys that are fields of a call.
FIELDS = {
    "secretsmanager:recoverywindowindays": "RecoveryWindowInDays",
    "secretsmanager:forcedeletewithoutrecovery": "ForceDeleteWithoutRecovery",
}
ASKED: ContextVar[Data] = ContextVar("ASKED")


def named_resource(
    service: str, method: str, path: str, headers: dict[str, str], body: bytes, query: Data, region: str, account: str
) -> str:
    """Return the resource of a call."""
    ASKED.set(json.loads(body) if body.startswith(b"{") else {})
    found = str(resource_of(service, method, path, headers, body, query, region, account))
    if found != "*":
        return found
    given = json.loads(body) if body.startswith(b"{") else {name: values[0] for name, values in query.items()}
    operation = given.get("Action") or headers.get("x-amz-target", "").rpartition(".")[2]
    if operation not in NAMED_BY:
        return found
    field, before = NAMED_BY[operation]
    name = given[field][0] if isinstance(given[field], list) else given[field]
    return name if name.startswith("arn:") else f"arn:aws:{before.format(region=region, account=account)}{name}"


def recorded(access_key: str, action: str, service: str, region: str, **given: Any) -> Any:
    """Ask for permission as ministack does, and write it down."""
    resource = given.get("resource_arn", "*")
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
    action = action.replace("sqs:SendMessageBatch", "sqs:SendMessage")
    if service == "logs" and resource.count(":") == LOG_GROUP_COLONS:
        given["resource_arn"] = resource = f"{resource}:*"
    if service == "kms" and ":alias/" in resource and not action.endswith("Alias"):
        return None
    denied = enforce(access_key, action, service, region, **given)
    who = resolve_principal(access_key, get_account_id())
    line = {
        "who": getattr(who, "arn", access_key),
        "action": action,
        "on": resource,
        "allowed": not denied,
        "via": (given.get("service_context") or {}).get("kms:ViaService", ""),
    }
    with open(DECISIONS, "a") as file:
        file.write(json.dumps(line) + "\n")
    return denied


def policy_of_any_account(arn: str) -> tuple[str, str] | None:
    """The policy of a key and its owner; ministack looks in the account of the caller only."""
    _arn, _partition, _service, region, account, resource = arn.split(":", 5)
    found = kms._keys.get_scoped(account, region, resource.removeprefix("key/"))
    return (found.get("Policy") or "", account) if found else None


def condition_key(key: str, asked: Any) -> Any:
    """Return the value of a condition key."""
    if key.lower() in FIELDS:
        field = ASKED.get({}).get(FIELDS[key.lower()])
        return None if field is None else str(field).lower()
    found = value_of(key, asked)
    return SESSION.sub(r"\1iam\2role/\3", found) if key.lower() == "aws:principalarn" else found


def secret_uses(operation: str, data: Data) -> Iterator[Use]:
    """Return the uses of keys that a call of Secrets Manager makes."""
    if operation == "CreateSecret":
        arn = f"arn:aws:secretsmanager:{get_region()}:{get_account_id()}:secret:{data['Name']}-??????"
        yield from key_uses(data.get("KmsKeyId"), WRITES, arn, get_region())
        return
    secret = secretsmanager._resolve(data.get("SecretId"))[1]
    if secret:
        yield from key_uses(secret.get("KmsKeyId"), USES.get(operation, ()), secret["ARN"], get_region())
    for replica in data.get("AddReplicaRegions", []) if secret else []:
        copy = secretsmanager._secret_arn_for_region(secret, replica["Region"])
        yield from key_uses(replica.get("KmsKeyId"), COPIES, copy, replica["Region"])


def key_uses(key: str | None, actions: tuple[str, ...], secret_arn: str, region: str) -> Iterator[Use]:
    if key:
        for action in actions:
            yield action, key, f"secretsmanager.{region}.amazonaws.com", {"SecretARN": secret_arn}


def topic_uses(arn: str) -> Iterator[Use]:
    """Return the uses of the topic's key that publishing makes."""
    topic = sns._topic_by_arn_any_scope(arn) or {}
    key = topic.get("attributes", {}).get("KmsMasterKeyId")
    for action in ("GenerateDataKey", "Decrypt") if key else ():
        yield action, key, f"sns.{get_region()}.amazonaws.com", {"aws:sns:topicArn": arn}


def denied_use(headers: dict[str, str], uses: Iterator[Use]) -> bool:
    """Whether who called may not use a key as a service would use it for him."""
    access_key = extract_access_key_id(headers, {})
    for action, key, service, encryption in uses:
        context = {f"kms:EncryptionContext:{name}": value for name, value in encryption.items()}
        given = {"resource_arn": key, "service_context": {**context, "kms:ViaService": service}}
        if isinstance(recorded(access_key, f"kms:{action}", "kms", key.split(":")[3], **given), EvalResult):
            return True
    return False


def kept_secret(answer: Callable[..., Any]) -> Callable[..., Any]:
    """Secrets Manager, which uses keys."""

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Data) -> Any:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if denied_use(headers, secret_uses(operation, json.loads(body or "{}"))):
            return error_response_json("AccessDeniedException", "Access to KMS is not allowed", 400)
        return await answer(method, path, headers, body, query)

    return handle


def told_topic(answer: Callable[..., Any]) -> Callable[..., Any]:
    """SNS, which uses keys once the policies of who publishes and of the topic let him in."""

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Data) -> Any:
        given = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if given.get("Action") == "Publish":
            topic, refused = sns._get_topic(given["TopicArn"], "sns:Publish")
            if refused:
                return refused
            if denied_use(headers, topic_uses(topic["arn"])):
                return sns._error("KMSAccessDenied", "The ciphertext references a key that you cannot access.", 400)
        return await answer(method, path, headers, body, query)

    return handle


def created(create: Callable[[Data], Any]) -> Callable[[Data], Any]:
    """CreateSecret, which gives the first version the id that was asked for."""

    def made(data: Data) -> Any:
        status, headers, body = create(data)
        wanted, answer = data.get("ClientRequestToken"), json.loads(body)
        if status == 200 and wanted:
            versions = secretsmanager._resolve(data["Name"])[1]["Versions"]
            versions[wanted] = versions.pop(answer["VersionId"])
            body = json.dumps({**answer, "VersionId": wanted}).encode()
        return status, headers, body

    return made


def filtered(names: list[str], filters: list[Data]) -> list[str]:
    """Return the names of the secrets that pass every filter; those of tags compare beginnings."""
    for one in filters:
        if one["Key"] in TAG_FILTERS:
            names = [name for name in names if has_tag(name, TAG_FILTERS[one["Key"]], tuple(one["Values"]))]
    return list(names_passing(names, [one for one in filters if one["Key"] not in TAG_FILTERS]))


def has_tag(name: str, part: str, beginnings: tuple[str, ...]) -> bool:
    return any(tag[part].startswith(beginnings) for tag in secretsmanager._secrets[name].get("Tags", []))


# It would serve port 443 too, where it may.
app._port_is_bindable = lambda *_where: False
# Seconds: until the first line, after the last one, and in all.
lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.5, 0.1, 5.0)
iam_evaluator.enforce = recorded
iam_evaluator._resolve_condition_key = condition_key
iam_actions.extract_resource_arn = named_resource
kms.key_policy_for_arn = policy_of_any_account
secretsmanager._create_secret = created(secretsmanager._create_secret)
secretsmanager._filter_secret_names = filtered
secretsmanager.handle_request = kept_secret(secretsmanager.handle_request)
sns.handle_request = told_topic(sns.handle_request)

if __name__ == "__main__":
    app.main()
