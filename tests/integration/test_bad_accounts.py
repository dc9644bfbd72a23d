# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that cannot be used or may not do what a rotation needs: what a person reads, and that nothing happens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pymysql
import pytest
from managed import HOST, MakeClient, ManagedClient
from telling import STORED, assert_refused, assert_silent
from trouble import changed_globally, refused_logins
from world.certificates import Authority
from world.databases import DatabaseServer, native_hash

from ansible_collections.dbops.rotation.plugins.module_utils._context.login import Logins
from ansible_collections.dbops.rotation.plugins.module_utils._db import mysql
from ansible_collections.dbops.rotation.plugins.module_utils._db.connection import Session
from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD
from ansible_collections.dbops.rotation.plugins.module_utils._module.verify import VERIFY
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login


def on_every_row(client: ManagedClient, clause: str) -> None:
    for host in client.hosts:
        client.sql(f"ALTER USER %s@%s {clause}", client.user, host)


@contextmanager
def connected(client: ManagedClient) -> Iterator[None]:
    """A connection of this account, which uses up what it may have."""
    connection = pymysql.connect(
        host=HOST,
        port=client.server.port,
        user=client.user,
        password=client.password,
        ssl_ca=str(client.ca_file),
        ssl_verify_identity=True,
        defer_connect=True,
    )
    with suppress(pymysql.err.OperationalError):  # its own first statement may be one too many already
        connection.connect()
    yield
    with suppress(pymysql.err.Error):
        connection.close()


def granted(client: ManagedClient, *grants: str) -> None:
    """Leave the account with these privileges only."""
    for host in client.hosts:
        client.sql("REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s@%s", client.user, host)
        for grant in grants:
            client.sql(f"GRANT {grant} TO %s@%s", client.user, host)


def test_a_wrong_stored_password_costs_one_failed_login(client: ManagedClient) -> None:
    client.sql(
        "SET PASSWORD FOR %s@%s = " + ("%s" if client.server.flavor == "mysql" else "PASSWORD(%s)"),
        client.user,
        "localhost",
        "set by hand",
    )
    assert_refused(
        client,
        "The server refused the stored password",
        f"({HOST}:{client.server.port}, error 1045)",
        code="login_refused",
        step="open",
        next_step="Find out whether somebody changed the password by hand",
        opens=False,
    )
    assert refused_logins(client) == 1
    assert client.opens("set by hand")


@pytest.mark.parametrize(
    ("clause", "code", "says", "next_step"),
    [
        pytest.param(
            "PASSWORD EXPIRE",
            "account_expired",
            "The stored password is right, but the server has expired it",
            "set the stored password again with ALTER USER",
            id="expired",
        ),
        pytest.param(
            "ACCOUNT LOCK",
            "account_locked",
            "The stored password is right, but the account is locked",
            "ALTER USER ... ACCOUNT UNLOCK",
            id="locked",
        ),
    ],
)
def test_an_account_that_may_not_be_used(
    client: ManagedClient, clause: str, code: str, says: str, next_step: str
) -> None:
    on_every_row(client, clause)
    assert_refused(client, says, code=code, step="open", next_step=next_step, opens=False)
    assert refused_logins(client) == 0


def test_an_account_that_failed_logins_have_locked(make_client: MakeClient, server: DatabaseServer) -> None:
    client = make_client(server, hosts=["%"]).create()  # MariaDB never locks an administrator's localhost row
    with ExitStack() as stack:
        if client.server.flavor == "mysql":
            on_every_row(client, "FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME 1")
        else:
            stack.enter_context(changed_globally(client, max_password_errors=1))
        with suppress(AssertionError):  # which says that the server gave another error than "wrong password"
            for _attempt in range(3):
                client.opens("wrong")
        assert_refused(
            client,
            "The account is locked after too many failed logins",
            code="account_locked_out",
            step="open",
            next_step="Find out who fails to log in; unlock it",
            opens=False,
        )
        on_every_row(client, "ACCOUNT UNLOCK")
        client.sql("FLUSH PRIVILEGES")
        client.rotate()


@pytest.mark.parametrize("limit", ["MAX_QUERIES_PER_HOUR 1", "MAX_CONNECTIONS_PER_HOUR 1", "MAX_USER_CONNECTIONS 1"])
def test_an_account_over_its_limits(client: ManagedClient, limit: str) -> None:
    on_every_row(client, f"WITH {limit}")
    with connected(client):
        assert_refused(
            client,
            "The stored password is right, but the account has used up its limits",
            code="account_limits",
            step="open",
            next_step="raise the account's limits",
            opens=False,
        )


def test_an_account_that_may_have_one_connection_only(client: ManagedClient) -> None:
    on_every_row(client, "WITH MAX_USER_CONNECTIONS 1")
    error = client.refused()
    assert (error["step"], error["code"]) == ("verify", "account_limits")
    assert "a rotation needs two connections at a time" in error["msg"]
    assert "ALTER USER ... WITH MAX_USER_CONNECTIONS 2" in error["msg"]
    assert "the new one, AWSPENDING" in error["state"]
    assert_silent(client, error)
    assert client.opens(client.password)
    on_every_row(client, "WITH MAX_USER_CONNECTIONS 2")
    assert client.rotate()["action"] == "finish"
    assert not client.opens(client.password)


def test_without_the_right_to_read_the_accounts(client: ManagedClient) -> None:
    granted(client, "CREATE USER ON *.*")
    assert_refused(
        client,
        "The account may not read the table of accounts, so which rows are covered cannot be known",
        code="select_denied",
        step="look",
        next_step="Grant it SELECT ON mysql.user (MariaDB: SELECT ON mysql.global_priv)",
    )


def test_without_the_right_to_change_accounts(client: ManagedClient) -> None:
    granted(client, "SELECT ON *.*")
    assert_refused(
        client,
        "The account may not do what the rotation needs",
        code="privilege_missing",
        step="apply",
        next_step="Grant it CREATE USER, and on MySQL SYSTEM_USER and APPLICATION_PASSWORD_ADMIN",
        state=STORED,
    )


def test_without_system_user_on_rows_that_have_it(make_client: MakeClient, mysql_server: DatabaseServer) -> None:
    client = make_client(mysql_server).create()
    client.sql("REVOKE SYSTEM_USER ON *.* FROM %s@%s", client.user, "localhost")
    assert_refused(
        client,
        "The account may not do what the rotation needs",
        code="privilege_missing",
        step="apply",
        next_step="SYSTEM_USER",
        state=STORED,
    )


def test_the_privileges_that_the_advice_names_are_enough(client: ManagedClient) -> None:
    needed = ["SELECT ON mysql.*", "CREATE USER ON *.*"]
    granted(client, *needed, *(["SYSTEM_USER ON *.*"] if client.server.flavor == "mysql" else []))
    result = client.rotate()
    assert "may not ask whether the server is a replica" in result["warnings"][0]


@pytest.fixture
def certificate(authority: Authority) -> Iterator[dict[str, str]]:
    issued = authority.issue("client-of-a-test", client=True)
    yield {"tls_client_cert": str(issued.certificate), "tls_client_key": str(issued.key)}


def test_a_client_certificate(client: ManagedClient, certificate: dict[str, str]) -> None:
    on_every_row(client, "REQUIRE X509")
    assert_refused(
        client,
        "or may not log in from this host or without TLS or a client certificate",
        code="login_refused",
        step="open",
        next_step="Find out whether somebody changed the password by hand",
        opens=False,
    )
    client.rotate(**certificate)
    assert client.rotate(**certificate)["logins"] == {"succeeded": 2, "failed": 0}


def test_a_client_certificate_that_is_not_there(client: ManagedClient, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pem")
    assert_refused(
        client,
        missing,
        code="tls_files",
        step="open",
        next_step="Check rotation_tls_ca_file, rotation_tls_client_cert and rotation_tls_client_key.",
        tls_client_cert=missing,
        tls_client_key=missing,
    )


@pytest.mark.parametrize("hosts", [("localhost",), ("%",)], ids=str)
def test_a_login_that_is_let_in_as_the_anonymous_account(
    make_client: MakeClient, server: DatabaseServer, hosts: tuple[str, ...], tmp_path: Path
) -> None:
    client = make_client(server, hosts=["10.%" if hosts == ("%",) else "%"]).create()
    server.create_account("", hosts, client.password)
    try:
        assert_refused(
            client,
            f"The login was let in as the anonymous account ''@'{hosts[0]}', which stands before every row",
            code="anonymous_account",
            step="open",
            next_step=f"As another administrator: DROP USER ''@'{hosts[0]}'; then run the same command again.",
        )
        checked = client.run(VERIFY)
        assert [found["code"] for found in checked["findings"]] == ["anonymous_account"]
        client.options["secret_id"] = f"{client.secret_id}/new"
        given: dict[str, Any] = {"host": HOST, "port": server.port, "user": client.user, "password": client.password}
        assert client.run(ONBOARD, **given)["error"]["code"] == "anonymous_account"
    finally:
        server.drop_account("")


def test_an_anonymous_account_without_a_host_is_no_server_without_grants(
    make_client: MakeClient, server: DatabaseServer
) -> None:
    """MySQL calls it "@", as MariaDB calls everybody while it has no grants."""
    client = make_client(server)
    client.create_secret()
    server.create_account("", [""], client.password)
    try:
        assert client.refused()["code"] == "anonymous_account"
    finally:
        server.drop_account("")


def test_an_anonymous_account_that_the_new_password_meets(
    make_client: MakeClient, server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody makes it during the run; both passwords are stored, so the next run finishes."""
    client = make_client(server, hosts=["%"]).create()
    real = Logins.log_in

    def log_in_late(logins: Logins, login: Login) -> Session:
        if login.password != client.password:
            server.create_account("", ["localhost"], login.password)
        return real(logins, login)

    monkeypatch.setattr(Logins, "log_in", log_in_late)
    try:
        error = client.refused()
        assert (error["code"], error["step"]) == ("anonymous_account", "verify")
    finally:
        monkeypatch.undo()
        server.drop_account("")
    assert client.rotate()["action"] == "finish"
    assert client.opens(client.stored()["password"]) and not client.opens(client.password)


def test_a_row_of_a_plugin_that_is_gone_and_the_command_that_mends_it(mysql_client: ManagedClient) -> None:
    client = mysql_client
    without_plugin(client)
    error = assert_refused(
        client,
        f"The account {client.user}@10.% uses mysql_native_password, which the server does not have or has not loaded",
        code="row_problem",
        step="look",
        next_step=f"ALTER USER '{client.user}'@'10.%' IDENTIFIED WITH caching_sha2_password BY '...'",
    )
    (command,) = re.findall(r"ALTER USER .* BY '\.\.\.'", error["next_step"])
    client.sql(command.replace("...", client.password))
    assert [row["state"] for row in client.rotate()["rows"]] == ["changed"] * 3


def test_the_first_error_is_told_where_its_clean_up_meets_another(
    mysql_client: ManagedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plugin goes during the run: the server refuses the change (1524) and from then on every statement (1820)."""
    client = mysql_client
    without_plugin(client)
    every = frozenset({"caching_sha2_password", "mysql_native_password"})
    monkeypatch.setattr(mysql, "loaded_plugins", lambda _session: every)
    error = client.refused()
    assert (error["code"], error["step"]) == ("plugin_missing", "apply"), error["msg"]
    assert "may open it already" in error["state"]
    assert client.opens(client.password)


def without_plugin(client: ManagedClient) -> None:
    """Make a third row with the password, whose plugin this server does not have any more."""
    client.server.create_account(client.user, ["10.%"], client.password)
    plugin = "plugin = 'mysql_native_password', authentication_string = %s"
    where = "User = %s AND Host = '10.%%'"
    client.sql(f"UPDATE mysql.user SET {plugin} WHERE {where}", native_hash(client.password), client.user)
    client.sql("FLUSH PRIVILEGES")
