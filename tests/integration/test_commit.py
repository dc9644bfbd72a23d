# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers whose commits wait for replicas that do not answer: nothing is sent, and nobody is kept from logging in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from administration import sql
from frozen import freeze, thaw
from group import await_true
from managed import MakeClient, ManagedClient
from prober import make_account, probing
from running import MakeServer
from telling import STORED, UNCHANGED, assert_refused

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._db import connection
from ansible_collections.dbops.rotation.plugins.module_utils._db.commit import APPLY_BUDGET

FOR_EVER = 4294967295
REPLICATION = ("repl", "Repl-0123456789")
# Below it a server was not kept from letting people in; a login takes some milliseconds.
AT_ONCE = 1.5
WORDS = {"mysql": ("source", "SOURCE", "REPLICA"), "mariadb": ("master", "MASTER", "SLAVE")}
OPTIONS = {
    "mysql": ["--plugin-load-add=semisync_source.so;semisync_replica.so", "--loose-rpl-semi-sync-replica-enabled=1"],
    "mariadb": ["--rpl-semi-sync-slave-enabled=1"],
}


class Pair:
    """A source that waits for ever until its one replica acknowledges, and that replica."""

    def __init__(self, make_server: MakeServer, flavor: str) -> None:
        """Start both; the replica does not follow yet."""
        self.word, self._source_word, self._replica_word = WORDS[flavor]
        logging = ["--log-bin=binlog", *OPTIONS[flavor]]
        self.source = make_server(flavor, options=["--server-id=1", *logging])
        self.replica = make_server(flavor, options=["--server-id=2", *logging])
        self.source.create_account(REPLICATION[0], ["%"], REPLICATION[1])
        make_account(self.source)
        key = ", GET_SOURCE_PUBLIC_KEY = 1" if flavor == "mysql" else ""
        begin = "CHANGE REPLICATION SOURCE" if flavor == "mysql" else "CHANGE MASTER"
        told = f"{self._source_word}_HOST = %s, {self._source_word}_PORT = %s, {self._source_word}_USER = %s"
        sql(
            self.replica,
            f"{begin} TO {told}, {self._source_word}_PASSWORD = %s{key}",
            *("127.0.0.1", self.source.port, *REPLICATION),
        )
        sql(self.source, f"SET GLOBAL rpl_semi_sync_{self.word}_timeout = %s", FOR_EVER)

    def follow(self) -> None:
        """Let the replica come."""
        sql(self.replica, f"START {self._replica_word}")
        self.await_replicas(1)

    def end(self) -> None:
        """Let the source go on without its replica, also where a test has left it waiting."""
        thaw(self.replica)
        self.follow()
        sql(self.source, f"SET GLOBAL rpl_semi_sync_{self.word}_enabled = 0")

    def await_replicas(self, number: int) -> None:
        """Wait until so many replicas acknowledge."""
        status = f"SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_{self.word}_clients'"
        await_true(lambda: int(sql(self.source, status)[0][1]) == number)


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def pair(request: pytest.FixtureRequest, make_module_server: MakeServer) -> Pair:
    """A source and its replica, of each kind of server in turn."""
    return Pair(make_module_server, request.param)


@pytest.fixture
def waiting(make_client: MakeClient, pair: Pair) -> Iterator[ManagedClient]:
    """A client on a source that waits for its replica; it goes on before the client is dropped."""
    client = make_client(pair.source).create()
    sql(pair.source, f"SET GLOBAL rpl_semi_sync_{pair.word}_enabled = 1")
    yield client
    pair.end()


def freezing(function: Callable[..., Any], pair: Pair) -> Callable[..., Any]:
    """Let the replica hang, without the source knowing, after a call of this function."""

    def wrapped(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        freeze(pair.replica)
        return result

    return wrapped


def test_a_source_without_its_replica_is_refused_before_anything_is_stored(waiting: ManagedClient, pair: Pair) -> None:
    with probing(pair.source) as prober:
        assert_refused(
            waiting,
            "The server has 0 of the 1 replicas that have to acknowledge a commit (semi-synchronous), and would wait"
            " 4294967 seconds for them; a change of a password would wait there, and on MySQL nobody could log in"
            " meanwhile.",
            code="cannot_commit",
            step="decide",
            next_step=f"On the server check the replicas (SHOW STATUS LIKE 'rpl_semi_sync_{pair.word}_%')",
            state=UNCHANGED,
        )
        pair.follow()
    assert prober.longest < AT_ONCE
    assert waiting.rotate()["action"] == "rotate"


@pytest.mark.parametrize("step", ["apply", "discard"])
def test_a_replica_that_hangs_just_before_a_change_keeps_nobody_out(
    waiting: ManagedClient, pair: Pair, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    if waiting.server.flavor == "mariadb":
        pytest.skip("MariaDB lets everybody in while a change waits for a replica")
    pair.follow()
    client = waiting
    before = {"apply": "put_pending", "discard": "promote"}[step]
    with probing(pair.source) as prober:
        with monkeypatch.context() as patch:
            patch.setattr(connection, "READ_TIMEOUT", 3.0)
            patch.setattr(SecretStore, before, freezing(getattr(SecretStore, before), pair))
            error = client.refused()
        assert (error["code"], error["step"]) == ("cannot_commit", step), error["msg"]
        assert "The server did not commit within 3 seconds" in error["cause"]
        if step == "apply":
            assert error["state"].startswith(STORED)
        else:
            assert error["state"].startswith("The new password is AWSCURRENT and opens the server; the old one may")
        assert client.opens(client.stored()["password"])
        thaw(pair.replica)
        client.rotate(trigger="recovery" if step == "discard" else "on_demand")
    assert prober.longest < AT_ONCE < APPLY_BUDGET
    assert client.opens(client.stored()["password"]) and not client.opens(client.password)


def test_a_server_with_a_binary_log_proves_each_commit_over_a_login_of_its_own(
    make_client: MakeClient, pair: Pair
) -> None:
    client = make_client(pair.source).create()
    proofs = 2 if client.server.flavor == "mysql" else 0
    assert client.rotate()["logins"] == {"succeeded": 2 + proofs, "failed": 0}


def test_an_account_that_may_not_prove_it_is_warned(make_client: MakeClient, pair: Pair) -> None:
    client = make_client(pair.source).create()
    if client.server.flavor == "mariadb":
        pytest.skip("MariaDB lets everybody in while a change waits, so nothing is to be proven")
    for host in client.hosts:
        client.sql("REVOKE RELOAD, FLUSH_OPTIMIZER_COSTS ON *.* FROM %s@%s", client.user, host)
    warnings = client.rotate()["warnings"]
    assert [text for text in warnings if text.startswith("The account lacks RELOAD")]
