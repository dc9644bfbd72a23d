# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs a client: its tag and its parameter, in every order of deaths, against moto in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible.parsing.dataloader import DataLoader
from emulated import emulated_aws
from role_mappings import MAPPINGS

from ansible_collections.dbops.rotation.plugins.module_utils._aws import parameters
from ansible_collections.dbops.rotation.plugins.module_utils._aws.parameters import OF_CLIENTS
from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._aws.session import AwsOptions, make_client
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._lambda import runner as runner_module
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.options import (
    NOT_HERE,
    OF_A_CONTROLLER,
    OF_A_RUN,
    SPEC,
)
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.runner import LARGEST_PARAMETER, RUNNER
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.settings import read_settings
from ansible_collections.dbops.rotation.plugins.module_utils._module import options as options_module
from ansible_collections.dbops.rotation.plugins.module_utils._readers import CommandLine, reading

ROOT = Path(__file__).resolve().parents[2]
ROLE: dict[str, Any] = DataLoader().load_from_file(str(ROOT / "roles/rotation/defaults/main.yml"))
REGION = "eu-central-1"
SECRET = "clients/client_acme/mysql/root"
PARAMETER = f"{OF_CLIENTS}client_acme"
HIDDEN = "Hidden-Value-1234"
FREEZE = {"from": "2026-12-20", "to": "2027-01-02", "reason": "year end", "timezone": "Europe/Berlin"}
OWN = {"overlap": "3600", "freezes": [FREEZE], "notice_days": []}
STORED = {"rotation_overlap": 3600, "rotation_freezes": [FREEZE], "rotation_notice_days": []}
Tags = Mapping[str, str]


@cache
def boto(service: str) -> Any:
    return boto3.client(service, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture(scope="module", autouse=True)
def aws() -> Iterator[None]:
    with emulated_aws():
        yield
    boto.cache_clear()


@pytest.fixture(autouse=True)
def client_acme() -> Iterator[None]:
    """One client, of which nothing is left for the next test."""
    boto("secretsmanager").create_secret(Name=SECRET, SecretString=HIDDEN)
    yield
    boto("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    boto("ssm").delete_parameters(Names=[PARAMETER])


def run(runner: str, settings: Mapping[str, Any] | None = None, *, check: bool = False, **more: Any) -> dict[str, Any]:
    access = {"region": REGION, "access_key": "x", "secret_key": "x"}
    asked = {"client": "client_acme", "secret_id": SECRET, "runner": runner, "settings": settings or {}, **access}
    params = {name: {**asked, **more}.get(name, spec.get("default")) for name, spec in RUNNER.spec.items()}
    with reading(CommandLine()):
        result = RUNNER.outcome(params, check=check, diff=True)
    assert HIDDEN not in json.dumps(result)
    return result


def tag(**written: str) -> None:
    listed = [{"Key": key.replace("_", "/"), "Value": value} for key, value in written.items()]
    boto("secretsmanager").tag_resource(SecretId=SECRET, Tags=listed)


def tagged() -> dict[str, str]:
    answer = boto("secretsmanager").describe_secret(SecretId=SECRET)
    return {one["Key"]: one["Value"] for one in answer.get("Tags", [])}


def stored(name: str = PARAMETER) -> Any:
    answer = boto("ssm").get_parameters(Names=[name])["Parameters"]
    return json.loads(answer[0]["Value"]) if answer else None


def put(text: str, kind: str = "String") -> None:
    boto("ssm").put_parameter(Name=PARAMETER, Value=text, Type=kind)


def test_a_client_that_was_never_left_to_the_functions_costs_one_look(calls: list[str]) -> None:
    calls.clear()
    result = run("ansible", {"hooks": ["shop.yml"], "overlap": 5})
    assert (result["changed"], result["settings"], calls) == (False, {}, ["DescribeSecret"])
    assert tagged() == {}


def test_a_client_is_left_to_the_functions_with_what_holds_for_it_alone(calls: list[str]) -> None:
    planned = run("lambda", OWN, check=True)
    assert planned["changed"] and "would run as a function" in planned["msg"] and (tagged(), stored()) == ({}, None)
    calls.clear()
    result = run("lambda", OWN)
    assert calls == ["DescribeSecret", "GetParameters", "TagResource", "PutParameter", "TagResource"]
    assert {**result, "msg": ""} == {**planned, "msg": ""} and result["parameter"] == PARAMETER
    assert result["msg"].startswith("client_acme: runs as a function, with rotation_")
    assert tagged() == {tags.RUNNER: "lambda", tags.CLIENT: "client_acme"} and stored() == STORED
    assert result["diff"]["before"] == {tags.RUNNER: None, tags.CLIENT: None, "settings": {}}
    for check in (True, False):
        again = run("lambda", OWN, check=check)
        assert not again["changed"] and again["diff"]["before"] == again["diff"]["after"]


def test_the_functions_read_what_the_inventory_says() -> None:
    run("lambda", OWN)
    settings = read_settings({"AWS_REGION": REGION, "ROTATION_REGION": REGION}, ["client_acme"])["client_acme"]
    assert settings.faults == () and settings.values["overlap"] == 3600 and settings.values["freezes"] == [FREEZE]
    assert settings.values["notice_days"] == []


def test_a_client_without_settings_of_its_own_has_no_parameter(calls: list[str]) -> None:
    calls.clear()
    assert run("lambda")["changed"] and calls == ["DescribeSecret", "GetParameters", "TagResource"]
    assert stored() is None and not run("lambda")["changed"]
    run("lambda", OWN)
    assert run("lambda", {"overlap": 0})["changed"] and stored() is None


def test_a_client_comes_back(calls: list[str]) -> None:
    run("lambda", OWN)
    planned = run("ansible", OWN, check=True)
    assert planned["changed"] and tagged()[tags.RUNNER] == "lambda" and stored() == STORED
    calls.clear()
    result = run("ansible", OWN)
    assert calls == ["DescribeSecret", "GetParameters", "TagResource", "DeleteParameter"]
    assert result["changed"] and (tagged()[tags.RUNNER], stored()) == ("ansible", None)
    assert result["diff"]["after"] == {tags.RUNNER: "ansible", "settings": {}}
    for check in (True, False):
        assert not run("ansible", OWN, check=check)["changed"]


class Death(Exception):
    """The process is gone."""


def dies_after(patch: pytest.MonkeyPatch, number: int) -> None:
    """Let a run die after so many writes."""
    left = [number]

    def dying(write: Any) -> Any:
        def written(*arguments: Any) -> None:
            if not left[0]:
                raise Death
            left[0] -= 1
            write(*arguments)

        return written

    patch.setattr(SecretStore, "tag", dying(SecretStore.tag))
    for name in ("put_parameter", "drop_parameter"):
        patch.setattr(runner_module, name, dying(getattr(parameters, name)))


@pytest.mark.parametrize("before", [None, "lambda", "ansible"])
@pytest.mark.parametrize("dying", ["lambda", "ansible"])
@pytest.mark.parametrize("later", ["lambda", "ansible"])
@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_run_may_die_anywhere(
    monkeypatch: pytest.MonkeyPatch, before: str | None, dying: str, later: str, writes: int
) -> None:
    """A sweep never meets a client without its parameter, and no run leaves one that nobody would delete."""
    if before:
        run("lambda", {"overlap": 5})
        run(before, {"overlap": 5})
    with monkeypatch.context() as patch:
        dies_after(patch, writes)
        run(dying, OWN)
    if tagged().get(tags.RUNNER) == "lambda":
        assert stored() in (STORED, {"rotation_overlap": 5})
    assert stored() is None or tags.RUNNER in tagged()
    run(later, OWN)
    assert tagged().get(tags.RUNNER, "ansible") == later and stored() == (STORED if later == "lambda" else None)
    assert not run(later, OWN)["changed"]


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("hooks", ["shop.yml"], "rotation_hooks"),
        ("jump_host", "bastion", "rotation_jump_host"),
        ("unix_socket", "/run/mysqld/mysqld.sock", "rotation_unix_socket"),
    ],
)
def test_who_needs_what_no_function_has_is_refused(option: str, value: Any, told: str, calls: list[str]) -> None:
    calls.clear()
    error = run("lambda", {**OWN, option: value})["error"]
    assert (error["client"], error["code"], calls) == ("client_acme", "invalid_option", [])
    assert error["cause"] == f"No Lambda function can rotate this client, for it cannot use {told}."
    assert "(-e rotation_runner=ansible)" in error["next_step"] and error["state"] == "Nothing was changed."
    assert not run("lambda", {option: None if option != "hooks" else []}, check=True).get("failed")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"overlap": HIDDEN}, "rotation_overlap: rotation_overlap must be a whole number."),
        ({"overlap": -1}, "rotation_overlap: Set rotation_overlap to a number"),
        ({"windows": [{"from": HIDDEN, "to": "04:00"}]}, "rotation_windows: "),
        ({"nothing": HIDDEN}, "rotation_nothing: there is no such option."),
        ({"tls_client_cert": f"/{HIDDEN}"}, "rotation_tls_client_cert: "),
    ],
)
def test_what_the_functions_would_not_take_is_not_stored(settings: dict[str, Any], told: str) -> None:
    error = run("lambda", {"lead": 3600, **settings})["error"]
    assert error["code"] == "invalid_option" and told in error["cause"]
    assert (tagged(), stored()) == ({}, None)


def test_what_one_run_is_asked_for_and_what_a_controller_has_is_left_out() -> None:
    of_a_run = {"force": True, "reason": "leaked", "trigger": "scheduled", "before": "x", "bring_forward_days": 3}
    of_a_controller = {"endpoint_url": "http://127.0.0.1:9", "tls_ca_file": "/nowhere", "write_share": 0.5}
    result = run("lambda", {**of_a_run, **of_a_controller, "region": REGION, "profile": "", "lead": 3600})
    assert result["settings"] == {"rotation_lead": 3600}


@pytest.mark.parametrize("client", ["o'brien", "a/b", "müller"])
def test_a_name_that_no_parameter_can_have_is_refused_where_one_is_needed(client: str) -> None:
    error = run("lambda", OWN, client=client)["error"]
    assert "No parameter can be called after the client" in error["cause"] and tagged() == {}
    assert run("lambda", client=client)["changed"] and tagged()[tags.RUNNER] == "lambda"


def test_more_than_a_parameter_holds_is_refused() -> None:
    many = {"server_ids": [f"{number:036}" for number in range(LARGEST_PARAMETER // 38)]}
    assert f"and a parameter {LARGEST_PARAMETER}" in run("lambda", many)["error"]["cause"] and tagged() == {}


@pytest.mark.parametrize(
    ("text", "kind"), [("no JSON", "String"), ("[]", "String"), (json.dumps(STORED), "SecureString")]
)
def test_a_parameter_of_somebody_else_is_put_right(text: str, kind: str) -> None:
    tag(rotation_runner="lambda", rotation_client="client_acme")
    put(text, kind)
    result = run("lambda", OWN)
    assert result["changed"] and result["diff"]["before"] == {"settings": {}} and stored() == STORED
    assert boto("ssm").get_parameters(Names=[PARAMETER])["Parameters"][0]["Type"] == "String"
    assert not run("lambda", OWN)["changed"]


def test_a_tag_by_hand_gets_its_client_and_its_parameter() -> None:
    """A sweep calls the client as its tag does, so another name would miss the parameter."""
    tag(rotation_runner="lambda", rotation_client="acme")
    assert run("lambda", OWN)["changed"] and tagged()[tags.CLIENT] == "client_acme" and stored() == STORED


def test_the_parameter_lies_where_the_functions_look_for_it() -> None:
    assert run("lambda", OWN, client_parameters="/elsewhere")["parameter"] == "/elsewhere/client_acme"
    assert stored("/elsewhere/client_acme") == STORED


def test_the_parameter_is_not_written_in_the_clients_own_role(monkeypatch: pytest.MonkeyPatch) -> None:
    role, asked, make = "arn:aws:iam::210987654321:role/rotation", list[AwsOptions](), make_client

    def client_of(options: AwsOptions, service: str, *more: Any) -> Any:
        if service != "ssm":
            return make(options, service, *more)
        asked.append(options)
        return boto(service)

    monkeypatch.setattr(options_module, "make_client", client_of)
    result = run("lambda", {"assume_role_arn": role, "external_id": "acme"}, check=True, assume_role_arn=role)
    assert result.get("failed") and asked == []  # the secret is in the account of the role
    monkeypatch.setattr(runner_module, "secret_store", lambda _params: SecretStore(boto("secretsmanager"), SECRET))
    result = run("lambda", {"assume_role_arn": role, "external_id": "acme"}, assume_role_arn=role)
    assert [options.assume_role_arn for options in asked] == [None]
    assert result["settings"] == {"rotation_assume_role_arn": role, "rotation_external_id": "acme"}
    assert "a sweep lists the secrets of one account" in result["warnings"][0]


def test_a_secret_that_no_sweep_lists_by_its_name_is_told() -> None:
    other = "globex/production/mysql/root"
    boto("secretsmanager").create_secret(Name=other, SecretString=HIDDEN)
    (warning,) = run("lambda", secret_id=other, client="client_globex")["warnings"]
    assert "clients/*/mysql/root" in warning and other in warning
    assert run("ansible", secret_id=other, client="client_globex")["warnings"] == run("lambda")["warnings"] == []


def test_a_secret_that_is_not_there_is_told() -> None:
    error = run("lambda", OWN, secret_id="clients/typo/mysql/root")["error"]
    assert error["code"] == "secret_not_found" and stored() is None


SETTINGS = set(MAPPINGS["rotation_function_settings"])


def test_the_role_hands_over_every_option_that_a_parameter_may_hold() -> None:
    assert SPEC.keys() - NOT_HERE - OF_A_RUN - OF_A_CONTROLLER <= SETTINGS
    assert {"hooks", "jump_host", "unix_socket"} == SETTINGS & NOT_HERE, "no key to AWS is an argument of the task"


def test_the_defaults_of_the_role_need_no_parameter() -> None:
    told = {name: ROLE.get(f"rotation_{name}") for name in SETTINGS if "{{" not in str(ROLE.get(f"rotation_{name}"))}
    assert run("lambda", told)["settings"] == {}
