# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that cannot be rotated: each is refused in words, with nothing changed and the old password valid."""

from __future__ import annotations

import json
from typing import Any

import pytest
from by_hand import put, put_current
from managed import MakeClient, ManagedClient, secrets_manager
from refusals import refusal_of
from telling import assert_refused
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretDescription
from ansible_collections.dbops.rotation.plugins.module_utils._steps.ownership import refuse_foreign_management

FORM = "Store a JSON object with engine, host, port, username and password in it"


def test_a_missing_secret(newcomer: ManagedClient) -> None:
    cause = f"Could not read the secret '{newcomer.secret_id}': there is no such secret, or no such version of it"
    told = assert_refused(newcomer, cause, step="read", next_step="Check rotation_secret_id, the region and the AWS")
    assert "playbooks/onboard.yml" in told["next_step"] and told["code"] == "secret_not_found"


def test_a_secret_without_a_value(newcomer: ManagedClient) -> None:
    secrets_manager(newcomer.aws).create_secret(Name=newcomer.secret_id)
    cause = f"Could not read the secret '{newcomer.secret_id}': there is no such secret, or no such version of it"
    assert_refused(newcomer, cause, step="read", next_step="Check rotation_secret_id")


def test_a_secret_that_is_scheduled_for_deletion(mysql_client: ManagedClient) -> None:
    name = mysql_client.secret_id
    secrets_manager(mysql_client.aws).delete_secret(SecretId=name)
    cause = f"The secret '{name}' is scheduled for deletion."
    told = assert_refused(mysql_client, cause, step="read", next_step="If it is still wanted: aws secretsmanager")
    assert told["next_step"].endswith(f"restore-secret --secret-id {name}")


@pytest.mark.parametrize("document", [{"SecretString": "not JSON"}, {"SecretBinary": b"{}"}], ids=str)
def test_a_secret_without_a_document(newcomer: ManagedClient, document: dict[str, Any]) -> None:
    secrets_manager(newcomer.aws).create_secret(Name=newcomer.secret_id, **document)
    cause = f"The secret '{newcomer.secret_id}' is not a JSON object."
    assert_refused(newcomer, cause, step="read", next_step=FORM)


@pytest.mark.parametrize(
    ("keys", "cause", "next_step"),
    [
        ({"engine": None, "password": " "}, "The secret '{}' lacks a value for 'engine' and 'password'.", FORM),
        ({"engine": "postgres"}, "The secret '{}' is for engine 'postgres', not mysql or mariadb.", FORM),
        ({"port": 0}, "The secret '{}' has a port that is not a number from 1 to 65535.", FORM),
        ({"password": 123456}, "The secret '{}' has a password that is a number and no text.", "Quote it in the JSON"),
        ({"password": "x\n"}, "The password in the secret '{}' begins or ends with a line end", "Store it without"),
    ],
    ids=str,
)
def test_a_secret_whose_document_has_a_fault(
    newcomer: ManagedClient, keys: dict[str, Any], cause: str, next_step: str
) -> None:
    """One of each kind: tests/unit/test_secret_value.py has the others."""
    newcomer.create_secret(**keys)
    assert_refused(newcomer, cause.format(newcomer.secret_id), step="read", next_step=next_step)


def test_a_secret_without_room_for_the_new_password(mysql_client: ManagedClient) -> None:
    room = 65536 - len(json.dumps(mysql_client.document(note="")))
    put_current(mysql_client, note="x" * room)
    cause = "The secret would be longer than the 65536 bytes that AWS takes."
    short: dict[str, Any] = {"password_length": 64, "overlap": 3600}
    assert_refused(mysql_client, cause, step="persist", next_step="Take out of the secret what is not needed", **short)


def test_an_account_that_does_not_exist(make_client: MakeClient, server: DatabaseServer) -> None:
    client = make_client(server)
    client.create_secret()
    cause = "The server refused the stored password, or the account does not exist or may not log in from this host"
    told = assert_refused(client, cause, f"127.0.0.1:{server.port}", step="open", next_step="playbooks/reconcile.yml")
    assert told["code"] == "login_refused" and told["next_step"].startswith("Find out whether somebody changed the")


def test_a_password_that_is_not_the_account_s(client: ManagedClient) -> None:
    put_current(client, password="wrong-horse")
    told = assert_refused(client, "The server refused the stored password", step="open", next_step="Find out whether")
    assert told["code"] == "login_refused"


def test_aws_rotation_enabled(newcomer: ManagedClient) -> None:
    newcomer.create_secret()
    secrets_manager(newcomer.aws).rotate_secret(
        SecretId=newcomer.secret_id, RotationRules={"AutomaticallyAfterDays": 30}, RotateImmediately=False
    )
    cause = f"Secrets Manager's own rotation is enabled for '{newcomer.secret_id}'."
    told = assert_refused(newcomer, cause, step="look", next_step="Cancel it: aws secretsmanager cancel-rotate-secret")
    assert told["next_step"].endswith(newcomer.secret_id)


def test_a_secret_of_another_service() -> None:
    # The emulator has no secrets of other services.
    owned: dict[str, Any] = {"owning_service": "rds", "rotation_enabled": True, "deleted": False}
    error = refusal_of(
        refuse_foreign_management, SecretDescription(arn="arn", name="rds!db-1", stages={}, tags={}, **owned)
    )
    assert error.cause == "The secret 'rds!db-1' is owned and rotated by the AWS service 'rds'."
    assert "aws rds modify-db-instance --no-manage-master-user-password" in error.next_step


def test_a_second_secret_for_the_same_account(client: ManagedClient, make_client: MakeClient) -> None:
    client.rotate()
    second = make_client(client.server, user=client.user, password=client.stored()["password"])
    second.options["secret_id"] = other = f"{client.secret_id}/copy"
    secrets_manager(second.aws).create_secret(Name=other, SecretString=json.dumps(second.document()))
    cause = f"The secret '{client.secret_id}' holds the same account of the same server as '{other}': "
    told = assert_refused(second, cause, step="look", next_step="If they are two servers that give one identity")
    assert client.secret_id in told["next_step"] and other in told["next_step"]
    secrets_manager(client.aws).delete_secret(SecretId=client.secret_id)
    assert second.rotate()["action"] == "rotate"


def test_a_secret_of_the_same_server_that_cannot_be_read_is_named(
    mysql_client: ManagedClient, make_client: MakeClient
) -> None:
    """Of a secret that an earlier release tagged only its value tells which account it holds."""
    server_id = mysql_client.rotate()["server"]["server_id"]
    broken = mysql_client.secret_id
    earlier = [{"Key": "rotation/server-id", "Value": server_id}]
    secrets_manager(mysql_client.aws).tag_resource(SecretId=broken, Tags=earlier)
    put(mysql_client, "AWSCURRENT", "{}")
    other = make_client(mysql_client.server).create()
    cause = f"The secret '{broken}' lacks a value for"
    assert_refused(other, cause, step="look", next_step=FORM)
    secrets_manager(mysql_client.aws).delete_secret(SecretId=broken)


def test_other_accounts_of_the_same_server_do_not_matter(mysql_client: ManagedClient, make_client: MakeClient) -> None:
    mysql_client.rotate()
    assert make_client(mysql_client.server).create().rotate()["action"] == "rotate"


@pytest.fixture
def moved(client: ManagedClient, request: pytest.FixtureRequest) -> tuple[ManagedClient, DatabaseServer, str]:
    """A client whose secret leads to the other server since the last rotation, and the id of the first server."""
    first = client.rotate()["server"]["server_id"]
    other = "mariadb" if client.server.flavor == "mysql" else "mysql"
    old, client.server = client.server, request.getfixturevalue(f"{other}_server")
    client.password = client.stored()["password"]
    client.create_account()
    put_current(client)
    return client, old, first


def test_a_host_that_leads_to_another_server(moved: tuple[ManagedClient, DatabaseServer, str]) -> None:
    client, old, first = moved
    try:
        told = assert_refused(client, "The host in the secret leads to the server ", step="look", next_step="Correct")
        second = told["next_step"].rpartition("-e rotation_accept_server_id=")[2]
        assert second not in ("", first)
        assert told["cause"].endswith(f" {second}, but the password was last changed on the server {first}.")
        assert client.rotate(accept_server_id=second)["server"]["server_id"] == second
        assert client.tags()["rotation/server-id"] == f"server:{second}"
        assert client.opens(client.stored()["password"]) and not client.opens(client.password)
    finally:
        old.drop_account(client.user)


def test_servers_that_a_client_lists_take_each_others_place(moved: tuple[ManagedClient, DatabaseServer, str]) -> None:
    client, old, first = moved
    try:
        second = client.refused()["next_step"].rpartition("-e rotation_accept_server_id=")[2]
        assert client.refused(server_ids=[first])["code"] == "other_server"
        own = {"server_ids": [first, second]}
        assert client.rotate(trigger="scheduled", **own)["action"] in ("nothing", "record")
        assert client.rotate(**own)["server"]["server_id"] == second
        assert client.opens(client.stored()["password"]) and not client.opens(client.password)
    finally:
        old.drop_account(client.user)


def test_accepting_a_third_server_accepts_nothing(moved: tuple[ManagedClient, DatabaseServer, str]) -> None:
    client, old, first = moved
    try:
        assert_refused(client, "The host in the secret leads", step="look", next_step="Correct", accept_server_id=first)
    finally:
        old.drop_account(client.user)
