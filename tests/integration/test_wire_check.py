# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to AWS are checked in every kind of process that makes them: each makes a wrong one here, and is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from managed import ROOT, ManagedClient, playbook, write_inventory
from playbook_runs import PLUGINS
from wire_check import findings
from world.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsEmulator

ROLE = "arn:aws:iam::123456789012:role/rotator"
SESSION = "plugins/module_utils/_aws/session.py"
WRONG = "not in the pattern!"
Found = Callable[[], list[findings.Finding]]
MODULE_PLAY = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": [{"community.aws.ssm_parameter": {"name": "/a", "value": "x", "tags": {"who&what": "x"}}}],
    }
]


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Found]:
    """What is wrong on purpose here."""
    with findings.apart(tmp_path / "findings.jsonl") as read:
        yield read


@pytest.fixture
def keys(aws: AwsEmulator) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": aws.endpoint_url,
    }


def assert_named(found: list[findings.Finding], request: pytest.FixtureRequest, *callers: str) -> None:
    """Expect wrong requests of these files, and of this test."""
    assert {finding.caller.rpartition(":")[0] for finding in found} == set(callers), found
    assert {finding.test for finding in found} == {request.node.nodeid}
    assert WRONG not in json.dumps([str(finding) for finding in found])


def test_this_process_is_checked(aws: AwsEmulator, found: Found, request: pytest.FixtureRequest) -> None:
    aws.client("sts").assume_role(RoleArn=ROLE, RoleSessionName=WRONG)
    assert_named(found(), request, "tests/integration/test_wire_check.py")
    (one,) = found()
    assert (one.operation, one.parameter) == ("sts.AssumeRole", "RoleSessionName")


@pytest.mark.parametrize("connection", ["local", "elsewhere"])
def test_workers_and_shipped_modules_are_checked(
    mysql_client: ManagedClient, found: Found, tmp_path: Path, request: pytest.FixtureRequest, connection: str
) -> None:
    wrong = {"rotation_assume_role_arn": ROLE, "rotation_external_id": WRONG}
    variables = mysql_client.variables(**wrong)
    hosts = {mysql_client.name: variables}
    if connection == "elsewhere":
        variables["rotation_jump_host"] = "bastion"
        hosts["bastion"] = {
            "ansible_connection": connection,
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        }
    inventory = str(write_inventory(tmp_path, hosts))
    run = playbook("rotate.yml", "-i", inventory, "-l", mysql_client.name, environment=PLUGINS)
    assert run.returncode == 0, run.stdout
    assert_named(found(), request, SESSION)
    program = "ansible-playbook" if connection == "local" else "secretsmanager_mysql_rotate.py"
    assert {f"({program})" in finding.process for finding in found()} == {True}, found()


def test_the_callback_is_checked(
    mysql_client: ManagedClient, found: Found, tmp_path: Path, request: pytest.FixtureRequest, keys: dict[str, str]
) -> None:
    mysql_client.aws.client("logs").create_log_group(logGroupName=mysql_client.name)
    audit = {
        "ANSIBLE_CALLBACKS_ENABLED": "dbops.rotation.rotation_audit",
        "ROTATION_AUDIT_LOG_GROUP": mysql_client.name,
        "ROTATION_AUDIT_SPOOL": str(tmp_path / "spool"),
        "ROTATION_AUDIT_ASSUME_ROLE_ARN": ROLE,
        "ROTATION_AUDIT_EXTERNAL_ID": WRONG,
    }
    inventory = str(write_inventory(tmp_path, {mysql_client.name: mysql_client.variables()}))
    run = playbook("rotate.yml", "-i", inventory, "-l", mysql_client.name, environment={**keys, **audit})
    assert run.returncode == 0, run.stdout
    assert_named(found(), request, SESSION)


def test_the_inventory_is_checked(
    aws: AwsEmulator, found: Found, tmp_path: Path, request: pytest.FixtureRequest, keys: dict[str, str]
) -> None:
    access = {"assume_role_arn": ROLE, "external_id": WRONG, "region": REGION, "endpoint_url": aws.endpoint_url}
    (tmp_path / "fleet.yml").write_text(json.dumps({"plugin": "dbops.rotation.fleet", **access}))
    playbook("playbooks/status.yml", "-i", str(tmp_path / "fleet.yml"), environment=keys)
    assert_named(found(), request, SESSION)


@pytest.mark.slow
def test_modules_of_other_collections_are_checked(
    found: Found, tmp_path: Path, request: pytest.FixtureRequest, keys: dict[str, str]
) -> None:
    (tmp_path / "play.yml").write_text(json.dumps(MODULE_PLAY))
    run = playbook(str(tmp_path / "play.yml"), "-i", "localhost,", "-c", "local", environment=keys)
    assert run.returncode == 0, run.stdout
    (named,) = {finding.caller.rpartition(":")[0] for finding in found()}
    assert named.startswith(("amazon/aws/", "community/aws/"))
    assert {finding.test for finding in found()} == {request.node.nodeid}


def test_a_command_is_checked_with_all_that_it_starts(aws: AwsEmulator, keys: dict[str, str], tmp_path: Path) -> None:
    """As bench, the fault matrix and molecule are run."""
    script = f"import boto3; boto3.client('sts').assume_role(RoleArn={ROLE!r}, RoleSessionName='%s')"
    for name, status in (("fit", 0), (WRONG, 1)):
        command = f"'{sys.executable}' -c \"{script % name}\""
        run = checked("sh", "-c", command, environment=keys)
        assert run.returncode == status, run.stderr
    assert "AWS would refuse: sts.AssumeRole, RoleSessionName: does not match" in run.stderr
    assert checked("sh", "-c", "exit 3", environment=keys).returncode == 3


def checked(*command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if name not in (findings.FILE, "PYTHONPATH")}
    return subprocess.run(
        [sys.executable, "tests/support/checked.py", *command],
        cwd=ROOT,
        env={**given, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("spread", [[], ["-n", "1"]], ids=["alone", "spread"])
def test_a_wrong_request_fails_its_test_and_the_session(aws: AwsEmulator, tmp_path: Path, spread: list[str]) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["wire_check.plugin"]')
    (tmp_path / "test_it.py").write_text(WRONG_TEST.format(url=aws.endpoint_url, role=ROLE, wrong=WRONG))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *spread, str(tmp_path)]
    given = {**os.environ, "PYTHONPATH": f"{ROOT}/tests/support"}
    run = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout
    assert "2 passed, 1 error" in run.stdout
    assert "sts.AssumeRole, RoleSessionName: does not match" in run.stdout
    assert "test_it.py:8 in process" in run.stdout and "during test_it.py::test_wrong" in run.stdout
    assert WRONG not in run.stdout


WRONG_TEST = """
import boto3

KEYS = {{"aws_access_key_id": "x", "aws_secret_access_key": "x"}}

def test_wrong():
    sts = boto3.client("sts", endpoint_url="{url}", region_name="eu-central-1", **KEYS)
    sts.assume_role(RoleArn="{role}", RoleSessionName="{wrong}")

def test_right():
    pass
"""
