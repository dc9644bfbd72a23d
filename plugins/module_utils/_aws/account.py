# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account has for all clients, as rows of evidence: alarms, roles and their policies. Only read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from .._stamp import stamp
from .resources import call, read, read_all

Row = dict[str, Any]
OF_A_ROLE, OF_A_SECRET = "role", "secret"


def alarms(cloudwatch: Any, prefix: str) -> list[Row]:
    """Return the metric alarms whose names begin so."""
    found = read_all(cloudwatch, "describe_alarms", "MetricAlarms", "list the alarms", AlarmNamePrefix=prefix)
    return [_alarm(one) for one in found]


def roles(iam: Any, prefix: str, duties: Iterable[str]) -> dict[str, list[Row]]:
    """Return those roles of duties that exist, and the policies that they have.

    Of an attached policy that has another prefix only the ARN is returned: an auditor of ours may not read it.
    """
    names = [f"{prefix}{duty}" for duty in duties]
    answers = [read(iam, "get_role", f"look at the role {name}", RoleName=name) for name in names]
    there = [answer["Role"] for answer in answers if answer]
    policies = [row for one in there for row in _policies(iam, one["RoleName"], prefix)]
    return {"roles": [_role(one) for one in there], "policies": policies}


def policy_row(of: str, name: str, policy: str, document: Mapping[str, Any]) -> Row:
    """Return the row of a policy document, with a digest by which two of them can be compared."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    digest = sha256(text.encode()).hexdigest()
    return {"of": of, "name": name, "policy": policy, "sha256": digest, "document": dict(document)}


def policy_unread(of: str, name: str) -> Row:
    """Return the row of policies that could not be read, which is not the same as none."""
    return {"of": of, "name": name, "policy": "not read", "sha256": "", "document": {}}


def _alarm(alarm: Mapping[str, Any]) -> Row:
    return {
        "name": alarm["AlarmName"],
        "state": alarm["StateValue"],
        "state_since": _stamp(alarm.get("StateUpdatedTimestamp")),
        "metric": alarm.get("MetricName", ""),
        "comparison": alarm.get("ComparisonOperator", ""),
        "threshold": alarm.get("Threshold"),
        "enabled": alarm.get("ActionsEnabled", True),
        "actions": alarm.get("AlarmActions", []),
    }


def _role(role: Mapping[str, Any]) -> Row:
    used = role.get("RoleLastUsed", {})
    return {
        "name": role["RoleName"],
        "arn": role["Arn"],
        "created": _stamp(role.get("CreateDate")),
        "last_used": _stamp(used.get("LastUsedDate")),
        "last_used_region": used.get("Region", ""),
        "trusted": role["AssumeRolePolicyDocument"],
    }


def _policies(iam: Any, role: str, prefix: str) -> Iterator[Row]:
    doing = f"list the policies of the role {role}"
    for attached in read_all(iam, "list_attached_role_policies", "AttachedPolicies", doing, RoleName=role):
        name, arn = attached["PolicyName"], attached["PolicyArn"]
        document = _document(iam, name, arn) if name.startswith(prefix) else {"not ours": arn}
        yield policy_row(OF_A_ROLE, role, name, document)
    for name in read_all(iam, "list_role_policies", "PolicyNames", doing, RoleName=role):
        answer = call(iam, "get_role_policy", f"read the policy {name}", RoleName=role, PolicyName=name)
        yield policy_row(OF_A_ROLE, role, name, answer["PolicyDocument"])


def _document(iam: Any, name: str, arn: str) -> dict[str, Any]:
    doing = f"read the policy {name}"
    version = call(iam, "get_policy", doing, PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = call(iam, "get_policy_version", doing, PolicyArn=arn, VersionId=version)
    return dict(answer["PolicyVersion"]["Document"])


def _stamp(moment: datetime | None) -> str:
    return stamp(moment) if moment else ""
