# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that have to be fetched are fetched once for all clients of a run; and what goes wrong is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from managed import AT_ONCE, MakeClient, ManagedClient, playbook, write_inventory
from metadata_service import ROLES, MetadataService, credentials
from playbook_runs import said
from world.aws import ACCESS_KEY, SECRET_KEY, AwsEmulator
from world.databases import DatabaseServer

pytestmark = pytest.mark.slow

ROLE = "arn:aws:iam::123456789012:role/dbops-rotation-rotator"
NO_KEYS = {"rotation_access_key": None, "rotation_secret_key": None}
ALL = ("-e", "rotation_everything=true", *AT_ONCE)


@pytest.fixture
def clients(make_client: MakeClient, mysql_server: DatabaseServer) -> list[ManagedClient]:
    return [make_client(mysql_server).create() for _number in range(4)]


def rotated(folder: Path, clients: list[ManagedClient], environment: dict[str, str], **variables: Any) -> None:
    """Rotate all of them, by workers that work at the same time."""
    hosts = {client.name: client.variables(**variables) for client in clients}
    run = playbook(
        "rotate.yml", "-i", str(write_inventory(folder, hosts)), *ALL, "-f", str(len(hosts)), environment=environment
    )
    assert run.returncode == 0, said(run)
    assert all(client.stored()["password"] != client.password for client in clients)


@pytest.fixture
def counting_process(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Makes a profile whose credential_process counts its starts in a file."""

    def made(text: str) -> dict[str, str]:
        (tmp_path / "credentials.json").write_text(text)
        script = tmp_path / "process.py"
        script.write_text(
            f"import sys\nopen({str(tmp_path / 'starts')!r}, 'a').write('.')\n"
            f"sys.stdout.write(open({str(tmp_path / 'credentials.json')!r}).read())\n"
        )
        (tmp_path / "config").write_text(f"[default]\ncredential_process = {sys.executable} {script}\n")
        return {"AWS_CONFIG_FILE": str(tmp_path / "config")}

    return made


@pytest.mark.parametrize("dated", [True, False])
def test_a_credential_process_is_started_once(
    clients: list[ManagedClient], tmp_path: Path, counting_process: Callable[..., dict[str, str]], dated: bool
) -> None:
    given = {name: value for name, value in credentials().items() if dated or name != "Expiration"}
    given["SessionToken"] = given.pop("Token")
    environment = counting_process(json.dumps({"Version": 1, **given}))
    rotated(tmp_path, clients, environment, **NO_KEYS)
    assert (tmp_path / "starts").read_text() == "."


def test_a_role_is_assumed_once(clients: list[ManagedClient], tmp_path: Path, recording: AwsEmulator) -> None:
    recording.start_recording()
    rotated(tmp_path, clients, {}, rotation_assume_role_arn=ROLE)
    assumed = [request for request in recording.recorded() if b"Action=AssumeRole" in request.body]
    assert len(assumed) == 1 and b"DurationSeconds=3600" in assumed[0].body


def test_every_role_is_assumed_once(clients: list[ManagedClient], tmp_path: Path, recording: AwsEmulator) -> None:
    roles = {client.name: f"{ROLE}-{number % 2}" for number, client in enumerate(clients)}
    hosts = {client.name: client.variables(rotation_assume_role_arn=roles[client.name]) for client in clients}
    recording.start_recording()
    run = playbook("rotate.yml", "-i", str(write_inventory(tmp_path, hosts)), *ALL, "-f", "4")
    assert run.returncode == 0, said(run)
    assert len([request for request in recording.recorded() if b"Action=AssumeRole" in request.body]) == 2


@pytest.mark.parametrize("dropped", [0, 1, 2])
def test_the_metadata_service_is_asked_once_and_again_where_it_is_busy(
    clients: list[ManagedClient], tmp_path: Path, dropped: int
) -> None:
    with MetadataService(dropped) as service:
        rotated(tmp_path, clients, service.environment, **NO_KEYS)
    assert service.seen[f"{ROLES}dbops-rotation"] == 1
    assert service.seen.total() == 3 + dropped


BROKEN = {
    "no such profile": ({"AWS_PROFILE": "nonesuch"}, "[default]\n", "the AWS profile 'nonesuch' does not exist here"),
    "unparsable": ({}, "this is no configuration\n", "cannot be read as a configuration of AWS"),
}


@pytest.fixture(params=BROKEN, ids=str)
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[dict[str, str], str]]:
    """An environment whose AWS configuration cannot be used, and what is told of it."""
    environment, config, told = BROKEN[request.param]
    (tmp_path / "config").write_text(config)
    yield {"AWS_CONFIG_FILE": str(tmp_path / "config"), **environment}, told


def test_keys_of_the_inventory_need_no_configuration(
    mysql_client: ManagedClient, tmp_path: Path, broken: tuple[dict[str, str], str]
) -> None:
    rotated(tmp_path, [mysql_client], broken[0])


def test_a_role_asked_for_with_keys_needs_no_configuration(
    mysql_client: ManagedClient, tmp_path: Path, broken: tuple[dict[str, str], str]
) -> None:
    rotated(tmp_path, [mysql_client], broken[0], rotation_assume_role_arn=ROLE)


def failed(folder: Path, client: ManagedClient, environment: dict[str, str], **variables: Any) -> str:
    """Rotate, which fails for one reason that is told in one sentence."""
    hosts = {client.name: client.variables(**NO_KEYS, **variables)}
    run = playbook("rotate.yml", "-i", str(write_inventory(folder, hosts)), "-l", client.name, environment=environment)
    told = said(run)
    assert run.returncode == 2 and "Traceback" not in told and "unexpected" not in told, told
    assert f"{client.name}: stopped at step 'prepare'" in told and "Nothing was changed." in told, told
    assert client.stored()["password"] == client.password
    return told


def test_where_the_configuration_is_needed_it_is_told(
    mysql_client: ManagedClient, tmp_path: Path, broken: tuple[dict[str, str], str]
) -> None:
    environment, told = broken
    assert told in failed(tmp_path, mysql_client, environment)


CONFIGURED = {
    "sso": (
        "[default]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = dba\n"
        "[sso-session s]\nsso_start_url = https://example.com/start\nsso_region = eu-central-1\n",
        ("the AWS sign-in (SSO) of this user is not there or has ended", "aws sso login"),
    ),
    "old sso": (
        "[default]\nsso_start_url = https://example.com/start\nsso_region = eu-central-1\n"
        "sso_account_id = 123456789012\nsso_role_name = dba\n",
        ("the AWS sign-in (SSO) of this user is not there or has ended", "aws sso login"),
    ),
    "mfa": (
        "[default]\nrole_arn = " + ROLE + "\nsource_profile = keys\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
        f"[profile keys]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n",
        ("the profile asks for an MFA code", "aws sts get-session-token --serial-number"),
    ),
    "process fails": (
        "[default]\ncredential_process = /bin/sh -c 'echo Hidden-Value-1234 >&2; exit 1'\n",
        ("could not be fetched (custom-process)", "Run the credential_process of the AWS configuration by hand"),
    ),
    "half of the keys": (
        "[default]\naws_access_key_id = x\n",
        ("the AWS credentials are incomplete", "aws_secret_access_key"),
    ),
    "unknown source": (
        f"[default]\nrole_arn = {ROLE}\nsource_profile = nonesuch\n",
        ("the AWS configuration makes no sense", "nonesuch"),
    ),
}


@pytest.mark.parametrize(("config", "told"), CONFIGURED.values(), ids=CONFIGURED)
def test_what_keeps_credentials_away_is_told_with_the_command_that_mends_it(
    mysql_client: ManagedClient, tmp_path: Path, config: str, told: tuple[str, ...]
) -> None:
    (tmp_path / "config").write_text(config)
    environment = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "HOME": str(tmp_path)}
    found = failed(tmp_path, mysql_client, environment)
    assert all(part in found for part in told), found
    assert "Hidden" not in found


def test_keys_that_are_nowhere_are_told_with_where_they_may_be(mysql_client: ManagedClient, tmp_path: Path) -> None:
    hosts = {mysql_client.name: mysql_client.variables(**NO_KEYS)}
    inventory = str(write_inventory(tmp_path, hosts))
    run = playbook("rotate.yml", "-i", inventory, "-l", mysql_client.name, environment={"HOME": str(tmp_path)})
    assert run.returncode == 2 and "no AWS credentials were found" in said(run)
    assert "AWS_ACCESS_KEY_ID" in said(run) and "aws sts get-caller-identity" in said(run)
