# SPDX-License-Identifier: GPL-3.0-or-later
"""Which events the metric filters of the role rotation_provision count."""

from __future__ import annotations

from typing import Any

import pytest
from filter_pattern import matches, value_at
from provision_vars import IAM, provided

METRICS = {one["name"]: one for one in provided("rotation_provision_metrics")}
STRANGERS: str = provided("rotation_provision_trail_pattern")

RUN = {"kind": "run", "playbook": "rotate_due", "check": False, "counts": {"overdue": 2, "notices_failed": 0}}
ROTATED = {"kind": "rotation", "outcome": "succeeded", "rotated": True, "locked_out": False, "check": False}
FAILED = {"kind": "rotation", "outcome": "failed", "locked_out": True, "check": False}


@pytest.mark.parametrize(
    ("event", "metrics"),
    [
        (RUN, {"Heartbeat", "Overdue", "Unfinished", "Failing", "NoticesFailed"}),
        ({**RUN, "playbook": "lambda/sweep"}, {"Heartbeat", "Overdue", "Unfinished", "Failing", "NoticesFailed"}),
        ({**RUN, "playbook": "lambda/rotate"}, {"NoticesFailed"}),
        ({**RUN, "check": True}, set()),
        ({**RUN, "playbook": "rotate"}, {"NoticesFailed"}),
        (ROTATED, {"Rotated", "RotationSeconds"}),
        ({**ROTATED, "check": True}, set()),
        (FAILED, {"Failed", "LockedOut"}),
        ({**FAILED, "kind": "rollback", "locked_out": False}, {"Failed"}),
        ({**FAILED, "kind": "hooks", "locked_out": False}, {"Failed"}),
        ({**FAILED, "kind": "verification"}, {"LockedOut"}),
        ({**FAILED, "outcome": "refused", "locked_out": False}, {"Refused"}),
        ({**ROTATED, "rotated": False, "outcome": "left_alone"}, set()),
    ],
)
def test_an_event_is_counted_by_its_metrics(event: dict[str, Any], metrics: set[str]) -> None:
    assert {name for name, one in METRICS.items() if matches(one["pattern"], event)} == metrics


def test_a_value_is_one_or_a_field_of_the_event() -> None:
    assert value_at(RUN, METRICS["Overdue"]["value"]) == 2
    assert {one["value"] for one in METRICS.values() if not one["value"].startswith("$.")} == {"1"}


def read(secret: str = "clients/client_acme/mysql/root-AbCdEf", **identity: Any) -> dict[str, Any]:
    asked = {"secretId": f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{secret}"}
    event = {"eventSource": "secretsmanager.amazonaws.com", "eventName": "GetSecretValue"}
    return {**event, "requestParameters": asked, "userIdentity": identity}


def session(role: str) -> dict[str, Any]:
    issuer = {"sessionIssuer": {"arn": f"{IAM}:role/{role}"}}
    return {"arn": f"arn:aws:sts::123456789012:assumed-role/{role}/run", "sessionContext": issuer}


@pytest.mark.parametrize(
    ("event", "stranger"),
    [
        (read(**session("dbops-rotation-rotator")), False),
        (read(**session("acme-shop")), False),
        (read(arn=f"{IAM}:user/alice"), False),
        (read(**session("admin")), True),
        (read(**session("dbops-rotation-auditor")), True),
        (read(arn=f"{IAM}:user/mallory"), True),
        (read("other/secret", **session("admin")), False),
        ({**read(**session("admin")), "eventName": "DescribeSecret"}, False),
    ],
)
def test_a_stranger_is_who_is_neither_a_role_of_ours_nor_a_reader(event: dict[str, Any], stranger: bool) -> None:
    assert matches(STRANGERS, event) is stranger
