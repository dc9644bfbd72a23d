# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what a rotation needs from AWS; no call changes anything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from .._aws.errors import error_code, translated
from .._aws.policy_store import LARGEST_RESOURCE_POLICY
from .._aws.principals import principal
from .._aws.replica import Replica
from .._aws.secret_store import CURRENT, SecretStore
from .._errors import RotationError, SecretNotFound
from .._finding import Check
from .._libraries import botocore

# AWS refuses a signature that is five minutes off; half of it is worth a word.
SKEW_REFUSED, SKEW_NOTED = 300, 150
TOPIC_REMEDY = "Check {option|topic_arn}, and allow this identity sns:GetTopicAttributes and sns:Publish on it."
REPLICA_REMEDY = "Repair what AWS names, and replicate again: docs/runbook.md."
# At nine tenths of what AWS takes it is worth a word.
NEARLY = 0.9
SIZE_REMEDY = "Name fewer readers and rotators: one role that several people assume, instead of each person."
# Some of the tags that a rotation writes, for policies that allow ours only.
WRITTEN = ["rotation/last", "rotation/version"]
CLOCK_REMEDY = "Set the clock of this host by NTP."


def identity(sts: Any, now: datetime) -> tuple[str, list[Check]]:
    """Find out who this is and how far the clock is off; RotationError where AWS does not know us."""
    with translated("ask AWS who this is", "sts"):
        answer = sts.get_caller_identity()
    arn = str(answer["Arn"])
    return arn, [Check("identity", f"AWS knows this run as {arn}."), clock(answer["ResponseMetadata"], now)]


def clock(metadata: Any, now: datetime) -> Check:
    """Compare the clock of this host with the date of an answer."""
    date = metadata.get("HTTPHeaders", {}).get("date")
    if not date:
        return Check("clock", "The answer of AWS has no date to compare the clock with.")
    off = round((now - parsedate_to_datetime(date).astimezone(UTC)).total_seconds())
    text = f"The clock of this host is {abs(off)} seconds {'ahead' if off > 0 else 'behind'}."
    if abs(off) >= SKEW_NOTED:
        return Check("clock", f"{text} AWS refuses from {SKEW_REFUSED} on.", CLOCK_REMEDY, problem=True)
    return Check("clock", text)


def secret(store: SecretStore) -> Iterator[Check]:
    """Describe and read the secret, which also proves its key; a value is not kept. Without a secret that is all."""
    for name, done, call in (
        ("describe", "The secret can be described.", store.describe),
        ("read", "The secret can be read, and its key decrypts it.", lambda: store.read(stage=CURRENT)),
        ("versions", "The versions of the secret can be listed.", store.version_ids),
    ):
        try:
            call()
        except RotationError as error:
            yield Check(name, error.cause, error.next_step, problem=True)
            if isinstance(error, SecretNotFound):
                return
        else:
            yield Check(name, done)


def primary(secret_arn: str, primary_region: str | None) -> Iterator[Check]:
    """Yield a problem if the secret is a replica of one in another region: AWS lets nobody write to it."""
    region = secret_arn.split(":")[3]
    if primary_region not in (None, region):
        text = f"The secret in {region} is a copy of that in {primary_region}, and only that can be written."
        yield Check("primary", text, f"Set {{option|region}} to {primary_region}.", problem=True)


def size(policy: Mapping[str, Any] | None) -> Iterator[Check]:
    """Yield a problem if the resource policy of the secret is near its size limit."""
    length = len(json.dumps(policy or {}))
    if length > LARGEST_RESOURCE_POLICY * NEARLY:
        text = f"The resource policy of the secret has {length} of {LARGEST_RESOURCE_POLICY} characters."
        yield Check("policy", text, SIZE_REMEDY)


def replicas(copies: Sequence[Replica]) -> Iterator[Check]:
    """Yield the state of the replica regions, if there are any."""
    lagging = [replica for replica in copies if replica.lags]
    if lagging:
        text = f"Replica regions are not in sync: {', '.join(map(str, lagging))}."
        yield Check("replicas", text, REPLICA_REMEDY, problem=any(replica.failed for replica in lagging))
    elif copies:
        yield Check("replicas", f"In sync: {', '.join(replica.region for replica in copies)}.")


def permissions(iam: Any, arn: str, secret_arn: str, actions: Sequence[str], tags: Mapping[str, str]) -> Check:
    """Ask IAM for what cannot be tried without a change; if IAM refuses to answer, that is no problem.

    IAM knows nothing of a request that is only simulated: what policies ask of one has to be said.
    """
    try:
        answer = iam.simulate_principal_policy(
            PolicySourceArn=principal(arn),
            ActionNames=list(actions),
            ResourceArns=[secret_arn],
            ContextEntries=_context(secret_arn, tags),
        )
    except Exception:  # denied as a rule; whatever it is, IAM is asked as a favour
        return Check("permissions", f"IAM could not be asked (iam:SimulatePrincipalPolicy) for {', '.join(actions)}.")
    refused = [one for one in answer["EvaluationResults"] if one["EvalDecision"] != "allowed"]
    unknown = sorted({key for one in refused for key in one.get("MissingContextValues", ())})
    denied = [one["EvalActionName"] for one in refused if not one.get("MissingContextValues")]
    if unknown and not denied:
        return Check("permissions", f"IAM cannot tell without {', '.join(unknown)}, for which policies ask.")
    if denied:
        remedy = "Attach the policy of the rotator (docs/iam.md) to this identity."
        return Check("permissions", f"IAM denies {', '.join(denied)}.", remedy, problem=True)
    return Check("permissions", f"IAM allows {', '.join(actions)}.")


def topic(sns: Any, topic_arn: str) -> Check:
    """Reach the topic of the notices; without it rotations still work, so that people are not told."""
    try:
        sns.get_topic_attributes(TopicArn=topic_arn)
    except botocore.exceptions.ClientError as error:
        why = error_code(error)
    except botocore.exceptions.BotoCoreError as error:
        why = type(error).__name__
    else:
        return Check("topic", "The topic can be reached.")
    return Check("topic", f"The topic cannot be reached ({why}).", TOPIC_REMEDY, problem=True)


def _context(secret_arn: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the context of a rotation's request: TLS, its region, the secret's tags, and the tags it writes."""
    context = {"aws:RequestedRegion": secret_arn.split(":")[3]}
    context |= {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    context |= {f"secretsmanager:ResourceTag/{key}": value for key, value in tags.items()}
    return [
        _entry("aws:SecureTransport", "boolean", ["true"]),
        _entry("aws:TagKeys", "stringList", WRITTEN),
        *(_entry(key, "string", [value]) for key, value in context.items()),
    ]


def _entry(key: str, kind: str, values: list[str]) -> dict[str, Any]:
    return {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": values}
