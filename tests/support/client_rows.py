# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a client's account, and what opens them."""

from __future__ import annotations

import json
from typing import Any

import pymysql
from managed import ManagedClient

from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import StoredPassword

THREE = ("localhost", "%", "10.%")
ELSEWHERE = "127.0.0.3"  # has no name, so a caller from there gets the row of "%"
FOREIGN = "Foreign-password-of-another-team"


def alter(client: ManagedClient, host: str, clause: str, *arguments: object) -> None:
    client.sql(f"ALTER USER %s@%s {clause}", client.user, host, *arguments)


def opens_from(client: ManagedClient, address: str, password: str) -> bool:
    """Whether a password opens the row that a caller from this loopback address gets."""
    try:
        client.log_in(password, address)
    except pymysql.err.OperationalError as error:
        assert error.args[0] == 1045, error
        return False
    return True


def set_by_hand(client: ManagedClient, host: str, password: str = FOREIGN) -> None:
    clause, value = client.server.password_clause(password)
    alter(client, host, clause, value)


def add_row(client: ManagedClient, host: str, clause: str, *arguments: object) -> None:
    client.sql(f"CREATE USER %s@%s {clause}", client.user, host, *arguments)


def stored(client: ManagedClient, host: str) -> list[StoredPassword]:
    """The passwords of one row, read with a query of our own."""
    if client.server.flavor == "mysql":
        ((plugin, text),) = client.sql(
            "SELECT plugin, HEX(authentication_string) FROM mysql.user WHERE User = %s AND Host = %s",
            client.user,
            host,
        )
        return [StoredPassword(plugin, bytes.fromhex(text))]
    rules = methods(client, host)
    return [StoredPassword(plugin, text.encode()) for plugin, text in rules if text]


def methods(client: ManagedClient, host: str) -> list[tuple[str, str]]:
    """The methods of one MariaDB row in their order."""
    ((text,),) = client.sql("SELECT Priv FROM mysql.global_priv WHERE User = %s AND Host = %s", client.user, host)
    row = json.loads(text)
    return [
        ((rule or row)["plugin"], (rule or row).get("authentication_string", "")) for rule in row.get("auth_or", [{}])
    ]


def state_of(result: dict[str, Any], client: ManagedClient, host: str) -> dict[str, str]:
    (found,) = [row for row in result["rows"] if row["row"] == f"{client.user}@{host}"]
    state: dict[str, str] = found
    return state


def holds_only(client: ManagedClient, host: str, password: str) -> bool:
    return [one.matches(password) for one in stored(client, host)] == [True]
