# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager's own rotation of a client: switched on and off, in every order of deaths, and never another's."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from emulated import emulated_aws

from ansible_collections.dbops.rotation.plugins.module_utils._aws.native_store import NativeStore
from ansible_collections.dbops.rotation.plugins.module_utils._module import native as native_module
from ansible_collections.dbops.rotation.plugins.module_utils._module.native import NATIVE

REGION = "eu-central-1"
SECRET = "clients/client_acme/mysql/root"
TAG = "rotation/function"
LAMBDA = f"arn:aws:lambda:{REGION}:123456789012:function:"
MOMENT = datetime(2026, 3, 2, tzinfo=UTC)
OURS, MOVED, FOREIGN = (f"{LAMBDA}{name}" for name in ("dbops-rotation-rotate", "rotate-2", "SecretsManagerRotation"))


class Death(Exception):
    """The process is gone."""


@dataclass
class Secret:
    """A secret, in the place of a client of Secrets Manager; ``left`` is for how many writes we live."""

    rotation: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    left: int = 99

    def describe_secret(self, SecretId: str) -> dict[str, Any]:
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        arn = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:{SecretId}-AbCdEf"
        return {"ARN": arn, "Name": SecretId, "Tags": tags, **self.rotation, **self.more}

    def tag_resource(self, SecretId: str, Tags: list[dict[str, str]]) -> None:
        self.live("tag")
        self.tags |= {tag["Key"]: tag["Value"] for tag in Tags}

    def rotate_secret(self, SecretId: str, **asked: Any) -> None:
        assert asked.pop("RotateImmediately") is False
        assert self.tags.get(TAG) == asked["RotationLambdaARN"], (
            "a rotation refuses a function that the tag does not name"
        )
        self.live("rotate")
        self.rotation = {"RotationEnabled": True, **asked}

    def cancel_rotate_secret(self, SecretId: str) -> None:
        assert self.rotation["RotationEnabled"]
        self.live("cancel")
        self.rotation["RotationEnabled"] = False

    def live(self, call: str) -> None:
        if not self.left:
            raise Death
        self.left -= 1
        self.calls.append(call)

    def enabled(self, function: str, tag: str | None, **rules: Any) -> Secret:
        self.rotation = {"RotationEnabled": True, "RotationLambdaARN": function, "RotationRules": rules}
        self.tags = {} if tag is None else {TAG: tag}
        return self


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Secret:
    made = Secret()
    monkeypatch.setattr(native_module, "native_store", lambda _params: NativeStore(made, SECRET))
    return made


def run(state: str = "present", *, check: bool = False, **asked: Any) -> dict[str, Any]:
    named = {"client": "client_acme", "secret_id": SECRET, "state": state, **asked}
    params = {name: named.get(name, spec.get("default")) for name, spec in NATIVE.spec.items()}
    return NATIVE.outcome(params, check=check, diff=True)


def test_the_tag_comes_first_and_nothing_is_rotated(secret: Secret) -> None:
    planned = run(check=True)
    assert (planned["changed"], planned["calls"], secret.calls) == (True, ["tag", "rotate"], [])
    result = run()
    assert {**result, "msg": ""} == {**planned, "msg": ""} and secret.calls == ["tag", "rotate"]
    assert secret.rotation == {
        "RotationEnabled": True,
        "RotationLambdaARN": OURS,
        "RotationRules": {"AutomaticallyAfterDays": 47},
    }
    assert result["diff"] == {"before": {TAG: None, "days": None}, "after": {TAG: OURS, "days": 47}}
    assert result["msg"] == f"client_acme: Secrets Manager calls {OURS} 47 days after a rotation"
    for check in (True, False):
        again = run(check=check)
        assert not again["changed"] and again["diff"]["before"] == again["diff"]["after"]


@pytest.mark.parametrize(("cycle_days", "days"), [(1, 8), (40, 47), (993, 1000), (999, 1000)])
def test_it_comes_a_week_behind_the_sweep(secret: Secret, cycle_days: int, days: int) -> None:
    run(cycle_days=cycle_days)
    assert secret.rotation["RotationRules"] == {"AutomaticallyAfterDays": days}


def test_it_goes_before_the_tag(secret: Secret) -> None:
    run()
    secret.calls.clear()
    planned = run("absent", check=True)
    assert planned["changed"] and secret.calls == [] and "would call no function of ours" in planned["msg"]
    assert run("absent")["calls"] == ["cancel", "untag"] and secret.calls == ["cancel", "tag"]
    assert not secret.rotation["RotationEnabled"] and secret.tags[TAG] == ""
    for check in (True, False):
        assert not run("absent", check=check)["changed"]
    assert run()["calls"] == ["tag", "rotate"]


@pytest.mark.parametrize(
    ("rules", "tag", "calls"),
    [
        ({"AutomaticallyAfterDays": 30}, OURS, ["rotate"]),
        ({"ScheduleExpression": "rate(10 days)"}, OURS, ["rotate"]),
        ({"AutomaticallyAfterDays": 47, "Duration": "3h"}, OURS, []),
        ({"AutomaticallyAfterDays": 47}, None, ["tag"]),
        ({"AutomaticallyAfterDays": 47}, FOREIGN, ["tag"]),
    ],
)
def test_what_somebody_has_set_otherwise_is_put_right(
    secret: Secret, rules: dict[str, Any], tag: str | None, calls: list[str]
) -> None:
    secret.enabled(OURS, tag, **rules)
    assert run(check=True)["calls"] == run()["calls"] == calls
    assert not run()["changed"]


@pytest.mark.parametrize("begun", ["nothing", "ours", "other days", "moved"])
@pytest.mark.parametrize("dying", ["present", "absent"])
@pytest.mark.parametrize("later", ["present", "absent"])
@pytest.mark.parametrize("writes", [0, 1, 2, 3])
def test_a_run_may_die_anywhere(secret: Secret, begun: str, dying: str, later: str, writes: int) -> None:
    days = 30 if begun == "other days" else 47
    if begun != "nothing":
        function = MOVED if begun == "moved" else OURS
        secret.enabled(function, function, AutomaticallyAfterDays=days)
    secret.left = writes
    run(dying)
    if secret.rotation.get("RotationEnabled"):
        assert secret.tags[TAG] == secret.rotation["RotationLambdaARN"], "every rotation would be refused"
    secret.left = 99
    result = run(later)
    assert not result.get("failed"), result["msg"]
    assert bool(secret.rotation.get("RotationEnabled")) is (later == "present")
    assert secret.tags.get(TAG, "") == (OURS if later == "present" else "")
    assert not run(later)["changed"]


@pytest.mark.parametrize(("state", "tag"), [("present", None), ("present", OURS), ("absent", OURS)])
@pytest.mark.parametrize("function", [FOREIGN, ""])
def test_the_rotation_of_somebody_else_is_refused(secret: Secret, state: str, tag: str | None, function: str) -> None:
    secret.enabled(function, tag, AutomaticallyAfterDays=30)
    for check in (True, False):
        error = run(state, check=check)["error"]
        assert (error["code"], error["client"]) == ("secret_rotation_enabled", "client_acme")
        assert (function or "none of yours") in error["cause"]
        assert f"aws secretsmanager cancel-rotate-secret --secret-id {SECRET}" in error["next_step"]
    assert secret.calls == []


def test_the_rotation_of_somebody_else_is_not_ours_to_take_away(secret: Secret) -> None:
    secret.enabled(FOREIGN, None, AutomaticallyAfterDays=30)
    assert not run("absent")["changed"] and secret.rotation["RotationEnabled"]


@pytest.mark.parametrize(
    ("more", "code"),
    [({"OwningService": "rds"}, "secret_owned"), ({"DeletedDate": MOMENT}, "secret_deleted")],
)
def test_a_secret_that_is_not_ours_is_refused(secret: Secret, more: dict[str, Any], code: str) -> None:
    secret.more = more
    assert run()["error"]["code"] == code and secret.calls == []


@pytest.mark.parametrize("function", [OURS, f"{OURS}:live", "my_function-2"])
def test_a_function_has_a_name_or_an_arn(secret: Secret, function: str) -> None:
    assert run(function=function)["function"] == (function if ":" in function else f"{LAMBDA}{function}")


@pytest.mark.parametrize(
    "function", ["", "a b", "arn:aws:iam::123456789012:role/x", f"{OURS}:$LATEST", f"{OURS}:a:b", "x" * 65]
)
def test_anything_else_is_no_function(secret: Secret, function: str) -> None:
    error = run(function=function)["error"]
    assert error["code"] == "invalid_option" and "neither the name nor the ARN" in error["cause"]
    assert secret.calls == []


@pytest.mark.parametrize("cycle_days", [0, 1000])
def test_a_cycle_that_no_client_has_is_refused(secret: Secret, cycle_days: int) -> None:
    assert run(cycle_days=cycle_days)["error"]["code"] == "invalid_option" and secret.calls == []


def test_aws_is_asked_as_its_api_says() -> None:
    """botocore checks the shape of each call; moto takes the stub of a function in the place of ours."""
    with emulated_aws({"lambda": {"use_docker": False}}):
        secrets, functions, iam = (
            boto3.client(name, region_name=REGION) for name in ("secretsmanager", "lambda", "iam")
        )
        role = iam.create_role(RoleName="x", AssumeRolePolicyDocument=json.dumps({}))["Role"]["Arn"]
        functions.create_function(
            FunctionName="dbops-rotation-rotate", Runtime="python3.13", Role=role, Handler="x.x", Code={"ZipFile": b"x"}
        )
        secrets.create_secret(Name=SECRET, SecretString="x")
        access: dict[str, Any] = {"region": REGION, "access_key": "x", "secret_key": "x"}
        assert run(check=True, **access)["changed"] and run(**access)["changed"]
        told = secrets.describe_secret(SecretId=SECRET)
        assert (told["RotationEnabled"], told["RotationLambdaARN"]) == (True, OURS)
        assert told["RotationRules"] == {"AutomaticallyAfterDays": 47} and not run(**access)["changed"]
        assert run("absent", **access)["calls"] == ["cancel", "untag"]
        assert (
            not secrets.describe_secret(SecretId=SECRET)["RotationEnabled"] and not run("absent", **access)["changed"]
        )
