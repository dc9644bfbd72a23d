# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements that MySQL gets, and how its rows are read."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import (
    CACHING_SHA2,
    NATIVE,
    SHA256,
    StoredPassword,
    make_hash,
)
from ansible_collections.dbops.rotation.plugins.module_utils._db.mysql import MySql
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow, Change, Method
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import MYSQL, Server

NEW = "New-Password-1234"
OLD = StoredPassword(NATIVE, make_hash(NATIVE, "old"))


class Recorder:
    """A session that writes down what it is asked and answers with given rows."""

    def __init__(self, rows: list[tuple[Any, ...]] | None = None) -> None:
        self.asked: list[tuple[str, tuple[object, ...]]] = []
        self._rows = rows or []

    def query(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        if "information_schema.PLUGINS" in statement:
            return [(CACHING_SHA2,), (SHA256,), (NATIVE,)]
        self.asked.append((statement, arguments))
        return self._rows


def dialect(*, encrypted: bool = True, **variables: str) -> MySql:
    server = Server(MYSQL, (9, 7, 4), "s1", variables, "root@%", replicates=False)
    return MySql(server, encrypted=encrypted)


def change(host: str, plugin: str = CACHING_SHA2) -> Change:
    return Change(AccountRow("root", host, (Method(plugin, password=OLD),)), (OLD,))


def applied(made: MySql, *changes: Change, as_hash: bool = False) -> tuple[str, tuple[object, ...]]:
    session = Recorder()
    made.apply(session, changes, NEW, as_hash=as_hash)  # type: ignore[arg-type]
    assert len(session.asked) == 1  # one statement is atomic over all rows
    return session.asked[0]


def test_all_rows_change_in_one_statement_that_retains_the_old() -> None:
    assert applied(dialect(), change("%"), change("10.%")) == (
        "ALTER USER IF EXISTS %s@%s IDENTIFIED BY %s RETAIN CURRENT PASSWORD,"
        " %s@%s IDENTIFIED BY %s RETAIN CURRENT PASSWORD",
        ("root", "%", NEW, "root", "10.%", NEW),
    )


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(dialect(log_raw="ON"), id="log_raw"),
        pytest.param(dialect(log_raw="1"), id="log_raw as a number"),
        pytest.param(dialect(encrypted=False), id="no TLS"),
    ],
)
@pytest.mark.parametrize("plugin", [CACHING_SHA2, SHA256, NATIVE])
def test_where_plaintext_could_be_seen_a_hash_is_sent(made: MySql, plugin: str) -> None:
    statement, arguments = applied(made, change("%", plugin))
    assert statement == f"ALTER USER IF EXISTS %s@%s IDENTIFIED WITH {plugin} AS %s RETAIN CURRENT PASSWORD"
    assert NEW not in str(arguments)
    assert StoredPassword(plugin, str(arguments[2]).encode()).matches(NEW)


def test_a_password_that_the_server_has_taken_before_goes_past_its_history() -> None:
    statement, arguments = applied(dialect(), change("%"), as_hash=True)
    assert statement == "ALTER USER IF EXISTS %s@%s IDENTIFIED WITH caching_sha2_password AS %s RETAIN CURRENT PASSWORD"
    assert NEW not in str(arguments)


def test_rows_get_hashes_with_salts_of_their_own() -> None:
    _statement, arguments = applied(dialect(log_raw="ON"), change("%"), change("10.%"))
    assert arguments[2] != arguments[5]


def test_the_servers_own_number_of_rounds_is_used() -> None:
    _statement, arguments = applied(dialect(log_raw="ON", caching_sha2_password_digest_rounds="10000"), change("%"))
    assert str(arguments[2]).startswith("$A$00A$")


def test_all_rows_are_discarded_in_one_statement() -> None:
    session = Recorder()
    dialect().discard(session, [change("%"), change("10.%")])  # type: ignore[arg-type]
    assert session.asked == [
        (
            "ALTER USER IF EXISTS %s@%s DISCARD OLD PASSWORD, %s@%s DISCARD OLD PASSWORD",
            ("root", "%", "root", "10.%"),
        )
    ]


def read(*columns: Any) -> list[AccountRow]:
    return dialect().rows(Recorder([columns]), "root")  # type: ignore[arg-type]


HASH = make_hash(NATIVE, "old").hex()


def test_a_row_with_a_retained_password_is_read() -> None:
    retained = make_hash(NATIVE, "older")
    (row,) = read("root", "%", NATIVE, HASH, "Y", retained.hex(), 0, 1_700_000_000, None)
    assert (row.name, row.locked, row.problem) == ("root@%", True, None)
    assert row.passwords == (OLD, StoredPassword(NATIVE, retained))


@pytest.mark.parametrize(
    ("plugin", "stored", "factors", "passwords", "problem"),
    [
        pytest.param("auth_socket", "", 0, 0, False, id="socket"),
        pytest.param("authentication_ldap_simple", HASH, 0, 0, False, id="other string"),
        pytest.param(CACHING_SHA2, "", 0, 0, True, id="empty password"),
        pytest.param(CACHING_SHA2, None, 0, 0, True, id="no password"),
        pytest.param(CACHING_SHA2, HASH, 1, 1, True, id="several factors"),
    ],
)
def test_rows_out_of_the_ordinary(plugin: str, stored: str | None, factors: int, passwords: int, problem: bool) -> None:
    (row,) = read("root", "%", plugin, stored, "N", None, factors, None, None)
    assert (len(row.passwords), bool(row.problem), row.plugins) == (passwords, problem, plugin)


def test_a_name_that_only_pads_to_ours_is_another_account() -> None:
    assert read("root ", "%", NATIVE, HASH, "N", None, 0, None, None) == []


def test_the_name_is_bound_not_written() -> None:
    session = Recorder()
    dialect().rows(session, "ro'ot")  # type: ignore[arg-type]
    assert [arguments for _statement, arguments in session.asked] == [("ro'ot",)]
