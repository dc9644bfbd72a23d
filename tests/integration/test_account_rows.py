# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rows of an account a rotation changes, and what it leaves alone or refuses."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from typing import Any

import pytest
from administration import loaded
from client_rows import (
    ELSEWHERE,
    FOREIGN,
    THREE,
    add_row,
    alter,
    holds_only,
    methods,
    opens_from,
    set_by_hand,
    state_of,
    stored,
)
from managed import MakeClient, ManagedClient
from telling import assert_refused, assert_silent
from trouble import account_rows
from world.databases import DatabaseServer, native_hash

from ansible_collections.dbops.rotation.plugins.module_utils._db import hashes
from ansible_collections.dbops.rotation.plugins.module_utils._db import methods as kinds

# Of each server: the plugin that lets an operating-system user in without a password.
SOCKET = {"mysql": "IDENTIFIED WITH auth_socket", "mariadb": "IDENTIFIED VIA unix_socket"}


@pytest.fixture(scope="module")
def mysql_server(mysql_server: DatabaseServer) -> Iterator[DatabaseServer]:
    """The shared server with a plugin that rows of this file use."""
    with loaded(mysql_server, "PLUGIN auth_socket SONAME 'auth_socket.so'", "PLUGIN auth_socket"):
        yield mysql_server


@pytest.fixture(scope="module")
def mariadb_server(mariadb_server: DatabaseServer) -> Iterator[DatabaseServer]:
    """The shared server with a plugin that rows of this file use."""
    with loaded(mariadb_server, "SONAME 'auth_ed25519'"):
        yield mariadb_server


@pytest.fixture
def three(make_client: MakeClient, server: DatabaseServer) -> ManagedClient:
    """A client with three rows, on each kind of server in turn."""
    return make_client(server, hosts=THREE).create()


def row(client: ManagedClient, host: str) -> list[Any]:
    return [columns for columns in account_rows(client) if columns[0] == host]


def test_every_row_changes(three: ManagedClient) -> None:
    alter(three, "10.%", "ACCOUNT LOCK")
    result = three.rotate()
    new = three.stored()["password"]
    assert all(holds_only(three, host, new) for host in THREE)
    assert [state_of(result, three, host)["state"] for host in THREE] == ["changed"] * 3
    assert state_of(result, three, "10.%")["detail"] == "locked"
    assert "3 account rows" in result["msg"]
    assert three.opens(new) and not three.opens(three.password)
    assert opens_from(three, ELSEWHERE, new) and not opens_from(three, ELSEWHERE, three.password)


def test_a_row_without_a_password_method_is_left_alone(client: ManagedClient) -> None:
    add_row(client, "10.%", SOCKET[client.server.flavor])
    before = row(client, "10.%")
    result = client.rotate()
    assert row(client, "10.%") == before
    assert state_of(result, client, "10.%") == {
        "row": f"{client.user}@10.%",
        "plugin": SOCKET[client.server.flavor].split()[-1],
        "state": "skipped",
        "detail": "no password method; never overwritten",
    }


def test_an_account_with_no_password_method_at_all(make_client: MakeClient, server: DatabaseServer) -> None:
    client = make_client(server, user=getpass.getuser(), options={"unix_socket": str(server.socket)})
    add_row(client, "localhost", SOCKET[server.flavor])
    client.sql("GRANT ALL PRIVILEGES ON *.* TO %s@%s", client.user, "localhost")
    client.create_secret()
    assert_refused(
        client,
        "No row of the account has a password method.",
        code="no_password_row",
        step="decide",
        next_step="Give the account a password first.",
        opens=False,
    )


def test_a_socket_that_lets_in_without_a_password_proves_nothing(
    make_client: MakeClient, server: DatabaseServer
) -> None:
    if server.flavor == "mysql":
        pytest.skip("a row of MySQL has a socket or a password, not both")
    client = make_client(
        server, user=getpass.getuser(), hosts=["localhost"], options={"unix_socket": str(server.socket)}
    ).create()
    alter(client, "localhost", "IDENTIFIED VIA mysql_native_password USING %s OR unix_socket", native_hash(FOREIGN))
    assert_refused(
        client,
        "The password that opened the server is not the one of the account row that it opened.",
        code="drift",
        step="decide",
        next_step="Bring them together with the password that works now",
        opens=False,
    )


@pytest.mark.parametrize(
    "order", ["mysql_native_password USING %s OR unix_socket", "unix_socket OR mysql_native_password USING %s"]
)
def test_the_socket_beside_a_password_survives(mariadb_client: ManagedClient, order: str) -> None:
    client = mariadb_client
    alter(client, "%", f"IDENTIFIED VIA {order}", native_hash(client.password))
    alter(client, "localhost", f"IDENTIFIED VIA {order}", native_hash(client.password))
    plugins = [plugin for plugin, _text in methods(client, "%")]
    client.rotate()
    new = client.stored()["password"]
    for host in client.hosts:
        assert [plugin for plugin, _text in methods(client, host)] == plugins
        assert holds_only(client, host, new)
    assert client.opens(new) and not client.opens(client.password)


def test_a_foreign_row_is_reported_and_left_alone(three: ManagedClient) -> None:
    set_by_hand(three, "%")
    before = row(three, "%")
    result = three.rotate()
    assert row(three, "%") == before
    assert opens_from(three, ELSEWHERE, FOREIGN)
    assert state_of(result, three, "%")["state"] == "foreign"
    assert state_of(result, three, "%")["detail"] == "its password is in no version of the secret; left as it is"
    assert [holds_only(three, host, three.stored()["password"]) for host in THREE] == [True, False, True]


def test_a_foreign_row_is_taken_over_when_it_is_named(three: ManagedClient) -> None:
    set_by_hand(three, "%")
    result = three.rotate(adopt_rows=[f"{three.user}@%"])
    assert state_of(result, three, "%")["state"] == "changed"
    assert holds_only(three, "%", three.stored()["password"])
    assert not opens_from(three, ELSEWHERE, FOREIGN)


def test_adopting_a_row_that_is_not_there(three: ManagedClient) -> None:
    assert_refused(
        three,
        f"rotation_adopt_rows names {three.user}@192.168.%, which is no row with a password on this server.",
        code="invalid_option",
        step="look",
        next_step=f"Name rows as user@host; there are: {three.user}@%, {three.user}@10.%, {three.user}@localhost.",
        adopt_rows=[f"{three.user}@192.168.%"],
    )


def test_a_foreign_second_password_is_refused(mysql_client: ManagedClient) -> None:
    client = mysql_client
    alter(client, "localhost", "IDENTIFIED BY %s", FOREIGN)
    alter(client, "localhost", "IDENTIFIED BY %s RETAIN CURRENT PASSWORD", client.password)
    assert_refused(
        client,
        f"A second password that no version of the secret knows is valid on {client.user}@localhost; a rotation"
        " would end it, or leave it valid.",
        code="foreign_secondary",
        step="decide",
        next_step=f"""-e '{{"rotation_adopt_rows": ["{client.user}@localhost"]}}'""",
    )
    assert client.opens(FOREIGN)
    client.rotate(adopt_rows=[f"{client.user}@localhost"])
    assert client.opens(client.stored()["password"])
    assert not client.opens(FOREIGN)
    assert not client.opens(client.password)


def test_a_foreign_password_beside_ours_ends_where_its_row_is_named(mariadb_client: ManagedClient) -> None:
    client = mariadb_client
    both = "IDENTIFIED VIA mysql_native_password USING %s OR mysql_native_password USING %s"
    alter(client, "localhost", both, native_hash(FOREIGN), native_hash(client.password))
    assert client.refused()["code"] == "foreign_secondary"
    assert client.opens(FOREIGN) and client.opens(client.password)
    result = client.rotate(adopt_rows=[f"{client.user}@localhost"])
    assert state_of(result, client, "localhost")["state"] == "changed"
    assert holds_only(client, "localhost", client.stored()["password"])
    assert not client.opens(FOREIGN)


def test_an_empty_password_is_refused(three: ManagedClient) -> None:
    set_by_hand(three, "10.%", "") if three.server.flavor == "mysql" else alter(three, "10.%", "IDENTIFIED BY ''")
    assert_refused(
        three,
        f"The account {three.user}@10.% has an empty password.",
        code="row_problem",
        step="look",
        next_step=f"Give it one: ALTER USER '{three.user}'@'10.%' IDENTIFIED ",
    )


def test_several_factors_are_refused(mysql_client: ManagedClient) -> None:
    add_row(mysql_client, "10.%", "IDENTIFIED BY %s AND IDENTIFIED WITH auth_socket", mysql_client.password)
    assert_refused(
        mysql_client,
        f"The account {mysql_client.user}@10.% asks for several factors (multi-factor authentication).",
        code="row_problem",
        step="look",
        next_step=f"Leave it the password only: ALTER USER '{mysql_client.user}'@'10.%' DROP 2 FACTOR.",
    )


@pytest.fixture
def ed25519(make_client: MakeClient, mariadb_server: DatabaseServer) -> ManagedClient:
    client = make_client(mariadb_server)
    client.server.create_account(client.user, client.hosts, client.password, "ed25519")
    client.create_secret()
    return client


def test_ed25519(ed25519: ManagedClient) -> None:
    for _rotation in range(2):
        ed25519.rotate()
        new = ed25519.stored()["password"]
        for host in ed25519.hosts:
            assert holds_only(ed25519, host, new)
            assert [plugin for plugin, _text in methods(ed25519, host)] == ["ed25519"]
        assert ed25519.opens(new) and not ed25519.opens(ed25519.password)


def test_ed25519_beside_a_native_password(mariadb_client: ManagedClient) -> None:
    client = mariadb_client
    alter(
        client,
        "localhost",
        "IDENTIFIED VIA ed25519 USING PASSWORD(%s) OR mysql_native_password USING %s",
        client.password,
        native_hash(client.password),
    )
    client.rotate()
    new = client.stored()["password"]
    assert [one.matches(new) for one in stored(client, "localhost")] == [True, True]
    assert client.opens(new)


def test_ed25519_without_its_library(mariadb_client: ManagedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client = mariadb_client
    add_row(client, "10.%", "IDENTIFIED VIA ed25519 USING PASSWORD(%s)", client.password)
    monkeypatch.setattr(hashes, "nacl_bindings", None)
    monkeypatch.setattr(kinds, "nacl_bindings", None)
    assert_refused(
        client,
        f"The account {client.user}@10.% uses the ed25519 plugin, for which the Python library PyNaCl is needed here.",
        code="row_problem",
        step="look",
        next_step="Install PyNaCl for the Python that runs this task.",
    )


def test_sha256_password(make_client: MakeClient, mysql_server: DatabaseServer) -> None:
    client = make_client(mysql_server)
    client.server.create_account(client.user, client.hosts, client.password, "sha256_password")
    client.create_secret()
    client.rotate()
    client.rotate(tls_mode="verify_ca")
    new = client.stored()["password"]
    for host in client.hosts:
        assert holds_only(client, host, new)
        assert stored(client, host)[0].plugin == "sha256_password"
    assert client.opens(new) and not client.opens(client.password)


def test_a_role_is_no_account(mariadb_client: ManagedClient) -> None:
    client = mariadb_client
    client.sql(f"CREATE ROLE `{client.user}`")
    try:
        result = client.rotate()
        assert [row["row"] for row in result["rows"]] == [f"{client.user}@%", f"{client.user}@localhost"]
    finally:
        client.sql(f"DROP ROLE `{client.user}`")


@pytest.mark.parametrize("name", ["o'brien\\\"", "100%s `root`", "root@example.com", "wörk", "a;--"])
def test_unusual_names(make_client: MakeClient, server: DatabaseServer, unique_name: str, name: str) -> None:
    client = make_client(server, user=name, secret_name=f"clients/{unique_name}/mysql/root").create()
    result = client.rotate()
    assert client.opens(client.stored()["password"]) and not client.opens(client.password)
    assert {row["state"] for row in result["rows"]} == {"changed"}
    assert_silent(client, result)


def test_a_blank_behind_the_name_is_another_name(make_client: MakeClient, server: DatabaseServer) -> None:
    client = make_client(server).create_account()
    client.create_secret(username=f"{client.user} ")
    assert_refused(
        client,
        "The server refused the stored password, or the account does not exist",
        code="login_refused",
        step="open",
        next_step="bring secret and server together with the password that works now",
    )
