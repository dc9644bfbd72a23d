# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of a server's administrator, on a connection past every account of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from world.databases import DatabaseServer


@contextmanager
def held(server: DatabaseServer, statement: str, *arguments: object) -> Iterator[Any]:
    """A connection on which a statement was run, for as long as it is open."""
    with server.admin() as connection, connection.cursor() as cursor:
        cursor.execute(statement, arguments or None)
        yield cursor


def sql(server: DatabaseServer, statement: str, *arguments: object) -> list[Any]:
    """Run a statement, and give its rows."""
    with held(server, statement, *arguments) as cursor:
        return list(cursor.fetchall())


@contextmanager
def loaded(server: DatabaseServer, name: str, unloaded: str = "") -> Iterator[DatabaseServer]:
    """The server while it has a plugin or component; `unloaded` is its name where it is another one to take it away."""
    sql(server, f"INSTALL {name}")
    try:
        yield server
    finally:
        sql(server, f"UNINSTALL {unloaded or name}")
