# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that look alike: two MariaDB of one machine and port, a clone of MySQL, and a word that tells them apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from administration import sql
from by_hand import put
from managed import MakeClient, ManagedClient, secrets_manager
from running import MakeServer
from world import processes
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD

HOSTS = ("127.0.0.2", "127.0.0.3")
SERVER_ID = "rotation/server-id"


@pytest.fixture(scope="module")
def twins(make_module_server: MakeServer) -> list[DatabaseServer]:
    """Two MariaDB servers of one MAC address and one port, at two addresses."""
    port = processes.free_port()
    made = [make_module_server("mariadb", options=[f"--bind-address={host}", f"--port={port}"]) for host in HOSTS]
    for server in made:
        server.port = port
    first, second = (sql(server, "SELECT @@GLOBAL.server_uid") for server in made)
    assert first == second
    return made


@pytest.fixture
def alike(make_client: MakeClient, twins: list[DatabaseServer]) -> list[ManagedClient]:
    """A client on each, with one user name; their secrets are not made yet."""
    # The certificate names neither address.
    first = make_client(twins[0], options={"tls_mode": "verify_ca"})
    second = make_client(twins[1], options=first.options, user=first.user)
    second.secret_name = f"{first.secret_id}-of-another"
    for client, host in zip((first, second), HOSTS, strict=True):
        client.options = {**client.options, "host": host}
        client.create_account()
    return [first, second]


def onboarded(client: ManagedClient, **options: Any) -> dict[str, Any]:
    """Onboard, and give the result."""
    given = {"port": client.server.port, "username": client.user, "password": client.password}
    result: dict[str, Any] = client.run(ONBOARD, **{**given, **options})
    return result


def tagged(client: ManagedClient, server_id: str) -> None:
    """Let the secret remember a server as an earlier release did."""
    tag = {"Key": SERVER_ID, "Value": server_id}
    secrets_manager(client.aws).tag_resource(SecretId=client.secret_id, Tags=[tag])


def test_two_servers_of_one_machine_and_port_are_two(alike: list[ManagedClient]) -> None:
    for client in alike:
        assert not onboarded(client).get("failed")
    ids = {client.rotate()["server"]["server_id"] for client in alike}
    assert len(ids) == 2 and all(server_id.startswith("mariadb:") for server_id in ids)


def test_a_host_that_leads_to_the_other_of_them_is_noticed(alike: list[ManagedClient]) -> None:
    first, second = alike
    assert not onboarded(first).get("failed")
    first.rotate()
    password = first.stored()["password"]
    second.server.drop_account(second.user)
    second.server.create_account(second.user, second.hosts, password)
    document = {**first.stored(), "host": HOSTS[1]}
    put(first, "AWSCURRENT", json.dumps(document))
    assert first.refused()["code"] == "other_server"


def test_what_an_earlier_release_remembered_is_taken_and_renewed_at_the_next_rotation(
    alike: list[ManagedClient],
) -> None:
    first, second = alike
    assert not onboarded(first).get("failed")
    (uid,) = sql(first.server, "SELECT @@GLOBAL.server_uid")[0]
    tagged(first, uid)
    assert first.rotate(trigger="scheduled")["action"] == "nothing"
    assert first.tags()[SERVER_ID] == uid
    error = onboarded(second)["error"]
    assert error["code"] == "shared_account" and "auto.cnf" not in error["next_step"]
    assert "rotate the client of that secret first" in error["next_step"]
    result = first.rotate()
    assert first.tags()[SERVER_ID] == f"server:{result['server']['server_id']}" != f"server:{uid}"
    assert not onboarded(second).get("failed")


def test_a_person_says_once_that_two_are_two(make_client: MakeClient, mysql_server: DatabaseServer) -> None:
    """A clone gives the identity of the first; here it is the same server, seen with two names of it."""
    first = make_client(mysql_server).create()
    first.rotate()
    second = make_client(mysql_server, user=first.user, password=first.stored()["password"])
    second.secret_name = f"{first.secret_id}-of-another"
    second.options = {"host": "127.0.0.1"}
    error = onboarded(second)["error"]
    assert error["code"] == "shared_account" and "auto.cnf" in error["next_step"]
    assert "-e rotation_server_label=WORD" in error["next_step"]
    assert onboarded(second, server_label="two words")["error"]["code"] == "invalid_option"
    assert not onboarded(second, server_label="clone").get("failed")
    server_id = first.tags()[SERVER_ID]
    assert second.tags()[SERVER_ID] == f"{server_id} clone"
    second.rotate()
    assert second.tags()[SERVER_ID] == f"{server_id} clone"
    assert second.rotate(trigger="scheduled")["action"] == "nothing"
