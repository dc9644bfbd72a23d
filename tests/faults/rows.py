# SPDX-License-Identifier: GPL-3.0-or-later
"""Which passwords an account's rows hold, read as the server's administrator and compared offline."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from managed import ManagedClient

from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import StoredPassword

MYSQL = """
    SELECT Host, plugin, HEX(authentication_string),
           HEX(JSON_UNQUOTE(JSON_EXTRACT(User_attributes, '$.additional_password')))
      FROM mysql.user WHERE User = %s
"""
MARIADB = "SELECT Host, Priv FROM mysql.global_priv WHERE User = %s"
Rows = dict[str, tuple[StoredPassword, ...]]


def rows_of(client: ManagedClient) -> Rows:
    """The passwords of each row, the primary one first."""
    if client.server.flavor == "mysql":
        return {host: mysql_row(plugin, *stored) for host, plugin, *stored in client.sql(MYSQL, client.user)}
    return {host: mariadb_row(json.loads(priv)) for host, priv in client.sql(MARIADB, client.user)}


def mysql_row(plugin: str, *stored: str | None) -> tuple[StoredPassword, ...]:
    """The primary password and the retained one."""
    return tuple(StoredPassword(plugin, bytes.fromhex(text)) for text in stored if text)


def mariadb_row(priv: dict[str, Any]) -> tuple[StoredPassword, ...]:
    """Every method; the empty one in `auth_or` stands for the method at the top."""
    methods = [method or priv for method in priv.get("auth_or", [priv])]
    return tuple(StoredPassword(method["plugin"], method["authentication_string"].encode()) for method in methods)


@lru_cache(maxsize=100_000)
def holds(stored: StoredPassword, password: str) -> bool:
    """Whether a stored hash is of this password; computing it takes 5 ms, so each pair is computed once."""
    return stored.matches(password)


def opens(row: tuple[StoredPassword, ...], password: str) -> bool:
    """Whether a password opens a row."""
    return any(holds(stored, password) for stored in row)
