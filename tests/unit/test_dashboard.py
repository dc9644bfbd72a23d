# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation cloudwatch_dashboard, on moto."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ansible_collections.dbops.rotation.plugins.module_utils._aws.dashboard import Dashboard
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._module.dashboard import DASHBOARD

pytestmark = pytest.mark.usefixtures("aws")
REGION, NAME = "eu-central-1", "dbops-rotation"
BODY = {"start": "-P6W", "widgets": [{"type": "metric", "properties": {"metrics": [["DbopsRotation", "Failed"]]}}]}


def client() -> Any:
    return boto3.client("cloudwatch", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")


def run(*, check: bool = False, **given: Any) -> dict[str, Any]:
    asked = {"name": NAME, "body": BODY, "region": REGION, "access_key": "x", "secret_key": "x", **given}
    params = {name: asked.get(name, spec.get("default")) for name, spec in DASHBOARD.spec.items()}
    return DASHBOARD.outcome(params, check=check, diff=True)


def shown() -> Any:
    return Dashboard(client(), NAME).body()


def test_it_is_made_once_and_deleted_once() -> None:
    assert run(check=True)["changed"] and shown() is None
    made = run()
    assert made["msg"] == f"account: the dashboard {NAME} was written" and shown() == BODY
    assert made["diff"] == {"before": {}, "after": BODY}
    assert run()["msg"] == f"account: the dashboard {NAME} is as it should be"
    assert run(check=True, state="absent")["changed"] and shown() == BODY
    assert run(state="absent")["changed"] and shown() is None and not run(state="absent")["changed"]


def test_another_order_of_keys_is_no_change() -> None:
    other = json.dumps(dict(reversed(BODY.items())), indent=1)
    client().put_dashboard(DashboardName=NAME, DashboardBody=other)
    assert not run()["changed"] and run(body={**BODY, "start": "-P1W"})["changed"] and shown()["start"] == "-P1W"


@pytest.mark.parametrize(
    ("code", "told", "step"),
    [
        ("AccessDenied", "cloudwatch:PutDashboard is denied", "docs/iam.md"),
        ("InvalidParameterInput", "the service refused (InvalidParameterInput)", "API reference"),
    ],
)
def test_a_refusal_is_told(code: str, told: str, step: str) -> None:
    cloudwatch = client()
    with Stubber(cloudwatch) as wire, pytest.raises(RotationError) as raised:
        wire.add_client_error("put_dashboard", code)
        Dashboard(cloudwatch, NAME).put(BODY)
    assert told in str(raised.value) and step in str(raised.value)
