# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that are away, silent, held, full or the wrong ones: what a person reads, and how the next run goes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import pymysql
import pytest
from administration import held
from managed import HOST, MakeClient, ManagedClient
from refusals import refusal_of
from running import MakeServer
from telling import STORED, assert_refused, assert_silent
from trouble import account_rows, changed_globally, fence_of
from world import processes
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._db import connection
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import MARIADB, MYSQL, _supported


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port whose callers get this answer; the connections stay open until the end."""
    with ExitStack() as open_sockets, socket.create_server((HOST, 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    answer(open_sockets.enter_context(listener.accept()[0]))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def drip(caller: socket.socket) -> None:
    with suppress(OSError):
        caller.sendall(b"\x60\x00\x00\x00\n")
        while True:
            time.sleep(0.1)
            caller.sendall(b"9")


def test_nothing_listens(make_client: MakeClient, mysql_server: DatabaseServer) -> None:
    port = processes.free_port()
    assert_refused(
        make_client(mysql_server).create(port=port),
        f"The server at {HOST}:{port} cannot be reached: Connection refused.",
        code="server_unreachable",
        step="open",
        next_step="Check that the server runs and that host, port and network path are right",
    )


def test_a_host_that_nobody_knows(make_client: MakeClient, mysql_server: DatabaseServer) -> None:
    assert_refused(
        make_client(mysql_server).create(host="db.invalid"),
        "The server at db.invalid:",
        "cannot be reached: ",
        code="server_unreachable",
        step="open",
        next_step="Check that the server runs and that host, port and network path are right",
    )


@pytest.mark.parametrize("answer", [lambda _caller: None, drip], ids=["silent", "dripping"])
def test_a_server_that_does_not_answer(
    make_client: MakeClient, mysql_server: DatabaseServer, answer: Callable[[socket.socket], None]
) -> None:
    with listening(answer) as port:
        client = make_client(mysql_server).create(port=port)
        began = time.monotonic()
        assert_refused(
            client,
            f"The server at {HOST}:{port} took the connection and did not answer it within the deadline of 1.5"
            " seconds.",
            code="deadline",
            step="open",
            next_step="or raise rotation_deadline; then run the same command again.",
            deadline=1.5,
        )
        assert time.monotonic() - began < 4


def test_a_silent_server_is_left_long_before_the_deadline(
    make_client: MakeClient, mysql_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "READ_TIMEOUT", 0.5)
    with listening(lambda _caller: None) as port:
        assert_refused(
            make_client(mysql_server).create(port=port),
            f"The connection to the server broke or got no answer in time ({HOST}:{port}, error 2013).",
            code="connection_lost",
            step="open",
            next_step="Run the same command again when the server answers again.",
        )


@pytest.mark.parametrize("seconds", [0, -1, 900, float("nan")])
def test_a_deadline_that_makes_no_sense(mysql_client: ManagedClient, seconds: float) -> None:
    assert_refused(
        mysql_client,
        "The deadline must be above 0 and below 900 seconds.",
        code="invalid_option",
        step="prepare",
        next_step="Set rotation_deadline to a number of seconds above 0 and below 900.",
        deadline=seconds,
    )


def test_a_deadline_that_is_too_short(client: ManagedClient) -> None:
    assert_refused(
        client,
        "The run did not finish within its deadline of 0.001 seconds.",
        code="deadline",
        step="open",
        next_step=f"ansible-playbook rotate.yml -l {client.name}",
        deadline=0.001,
    )


@pytest.mark.parametrize("variable", ["read_only", "super_read_only"])
def test_a_read_only_server(client: ManagedClient, variable: str) -> None:
    if variable == "super_read_only" and client.server.flavor == "mariadb":
        pytest.skip("MariaDB has no super_read_only")
    with changed_globally(client, **dict.fromkeys(dict.fromkeys(["read_only", variable]), 1)):
        assert_refused(
            client,
            "The server is read-only.",
            code="read_only",
            step="open",
            next_step="Point the secret's host at the writer; then run the same command again.",
        )


REPLICATION = {
    "mysql": ("CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=1", "RESET REPLICA ALL"),
    "mariadb": ("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='nobody'", "RESET SLAVE ALL"),
}


def test_a_replica(client: ManagedClient) -> None:
    begin, end = REPLICATION[client.server.flavor]
    client.sql(begin)
    try:
        assert_refused(
            client,
            "The server is a replica of another server.",
            code="replica",
            step="open",
            next_step="Point the secret's host at its source, or promise by rotation_single_writer=true that this"
            " address is the one that is written to",
        )
        client.rotate(single_writer=True)
    finally:
        client.sql(end)


@pytest.mark.parametrize("flavor", ["mysql", "mariadb"])
def test_a_server_without_grants(make_server: MakeServer, make_client: MakeClient, flavor: str) -> None:
    server = make_server(flavor, options=["--skip-grant-tables"])
    client = make_client(server, options={"unix_socket": str(server.socket)})
    client.create_secret()
    assert_refused(
        client,
        "The server lets everybody in with any password.",
        code="grants_off",
        step="open",
        next_step="Restart it without skip_grant_tables; then run the same command again.",
        opens=False,
    )


@pytest.mark.parametrize(
    ("flavor", "lock", "unlock"),
    [
        ("mysql", "FLUSH TABLES WITH READ LOCK", "UNLOCK TABLES"),
        ("mysql", "LOCK INSTANCE FOR BACKUP", "UNLOCK INSTANCE"),
        ("mariadb", "FLUSH TABLES WITH READ LOCK", "UNLOCK TABLES"),
    ],
)
def test_a_backup_holds_the_server(request: pytest.FixtureRequest, flavor: str, lock: str, unlock: str) -> None:
    client: ManagedClient = request.getfixturevalue(f"{flavor}_client")
    with held(client.server, lock) as holder:
        assert_refused(
            client,
            "The server is held by a lock (a backup, or FLUSH TABLES WITH READ LOCK)",
            code="server_busy",
            step="apply",
            next_step="Wait for the backup or the long statement to end, then run the same command again.",
            state=STORED,
        )
        holder.execute(unlock)
    assert client.rotate()["action"] == "resume"
    assert client.opens(client.stored()["password"]) and not client.opens(client.password)


def test_a_backup_in_whose_last_stage_mariadb_changes_and_fails(mariadb_client: ManagedClient) -> None:
    with held(mariadb_client.server, "BACKUP STAGE START") as holder:
        for stage in ("FLUSH", "BLOCK_DDL", "BLOCK_COMMIT"):
            holder.execute(f"BACKUP STAGE {stage}")
        error = mariadb_client.refused()
        assert (error["code"], error["step"]) == ("server_busy", "apply")
        assert "The server is held by a lock (a backup, or FLUSH TABLES WITH READ LOCK)" in error["msg"]
        assert "AWSCURRENT still opens the server; the new one, AWSPENDING" in error["state"]
        assert_silent(mariadb_client, error)
        assert mariadb_client.opens(mariadb_client.password)
        holder.execute("BACKUP STAGE END")
    assert mariadb_client.rotate()["action"] == "finish"
    assert_settled(mariadb_client)


def test_another_run_is_at_work(client: ManagedClient) -> None:
    with (
        pymysql.connect(
            host=HOST,
            port=client.server.port,
            user=client.user,
            password=client.password,
            ssl_ca=str(client.ca_file),
            ssl_verify_identity=True,
        ) as other,
        other.cursor() as cursor,
    ):
        cursor.execute("SELECT GET_LOCK(%s, 0)", (fence_of(client),))
        assert cursor.fetchall() == ((1,),)
        assert_refused(
            client,
            f"Another run is at work on this account: {client.user} from localhost",
            f"connection {other.thread_id()}.",
            code="fence_busy",
            step="fence",
            next_step="Wait for it to end. If nothing is at work, end that connection on the server",
        )
    client.rotate()


@pytest.mark.parametrize(
    ("flavor", "version"),
    [
        (MYSQL, "5.7.44-log"),
        (MYSQL, "8.0.13"),
        (MYSQL, "8.0.11-TiDB-v7.5.0"),
        (MARIADB, "10.3.39-MariaDB"),
        (MARIADB, "unknown-MariaDB"),
    ],
)
def test_servers_that_are_not_supported(flavor: str, version: str) -> None:
    error = refusal_of(_supported, flavor, {"version": version})
    assert error.cause == f"The server is {version}, which is not supported."
    assert error.next_step == "Supported are MySQL 8.0.14 and later and MariaDB 10.4 and later."


def waiting_statement(client: ManagedClient) -> int:
    """The connection of this account whose ALTER USER waits for a lock."""
    limit = time.monotonic() + 5
    while time.monotonic() < limit:
        for number, user, _host, _db, _command, _time, _state, text, *_rest in client.sql("SHOW FULL PROCESSLIST"):
            if user == client.user and str(text).startswith("ALTER USER"):
                return int(number)
        time.sleep(0.01)
    raise AssertionError("no ALTER USER waits")


def test_a_connection_that_is_killed_while_it_changes_the_password(client: ManagedClient) -> None:
    with held(client.server, "FLUSH TABLES WITH READ LOCK") as holder, ThreadPoolExecutor(1) as pool:
        run = pool.submit(client.run)
        killed = waiting_statement(client)
        client.sql(f"KILL {killed}")
        holder.execute("UNLOCK TABLES")
        result = run.result(20)
    assert not result.get("failed"), result["msg"]
    assert_silent(client, result)
    assert result["logins"] == {"succeeded": 3, "failed": 0}
    assert_settled(client)


def test_a_deadline_that_passes_while_the_password_changes(client: ManagedClient) -> None:
    with held(client.server, "FLUSH TABLES WITH READ LOCK") as holder:
        error = client.refused(deadline=1.5)
        assert (error["code"], error["step"]) == ("connection_lost", "apply")
        assert (
            "It could not be opened again: The run did not finish within its deadline of 1.5 seconds." in error["msg"]
        )
        assert "the new one, AWSPENDING" in error["state"] and "may open it already" in error["state"]
        assert_silent(client, error)
        holder.execute("UNLOCK TABLES")
    # What was left behind on the server may still change the password; the fence keeps the next run out until then.
    limit = time.monotonic() + 5
    while (result := client.run()).get("failed") and time.monotonic() < limit:
        assert result["error"]["code"] == "fence_busy", result["msg"]
        time.sleep(0.1)
    assert not result.get("failed"), result["msg"]
    assert_settled(client)


def assert_settled(client: ManagedClient) -> None:
    """The new password is in place and stays it: nothing that was left behind applies later."""
    before = account_rows(client)
    assert client.opens(client.stored()["password"]) and not client.opens(client.password)
    time.sleep(0.3)
    assert account_rows(client) == before


def test_an_init_connect_that_fails(client: ManagedClient) -> None:
    for host in client.hosts:
        client.sql("REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s@%s", client.user, host)
    with changed_globally(client, init_connect="SELECT * FROM missing.thing"):
        assert_refused(
            client,
            "The server's init_connect failed, so no account without CONNECTION_ADMIN (MariaDB: CONNECTION ADMIN)",
            f"({HOST}:{client.server.port}, error 1184)",
            code="init_connect",
            step="open",
            next_step="or take it away (SET GLOBAL init_connect = '')",
            opens=False,
        )


def test_a_policy_that_does_not_allow_the_plugin(mysql_client: ManagedClient) -> None:
    for host in mysql_client.hosts:
        mysql_client.sql("REVOKE AUTHENTICATION_POLICY_ADMIN ON *.* FROM %s@%s", mysql_client.user, host)
    with changed_globally(mysql_client, authentication_policy="sha256_password,,"):
        assert_refused(
            mysql_client,
            "The server's authentication_policy does not allow the plugin of the account",
            code="authentication_policy",
            step="apply",
            next_step="GRANT AUTHENTICATION_POLICY_ADMIN ON *.* to it",
            state=STORED,
        )
    assert mysql_client.rotate()["action"] == "resume"


def test_no_connection_is_left(client: ManagedClient) -> None:
    with ExitStack() as stack, changed_globally(client, max_connections=10):
        with suppress(pymysql.err.OperationalError):
            while True:
                stack.enter_context(client.server.admin())
        stages = client.stages()
        error = client.refused()
        assert (error["code"], error["step"]) == ("too_many_connections", "open")
        assert f"The server has no connection left to give ({HOST}:{client.server.port}, error 1040)." in error["msg"]
        assert error["next_step"] == "Run the same command again when the server answers again."
        assert client.stages() == stages
        assert_silent(client, error)
        stack.close()
    client.rotate()
