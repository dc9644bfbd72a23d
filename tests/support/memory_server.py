# SPDX-License-Identifier: GPL-3.0-or-later
"""A database server in memory that knows the few statements of the engine, and does what real ones were measured to do.

Where tests/integration has real servers do the same, thousands of states and years of rotations pass here in seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import NATIVE, make_hash
from ansible_collections.dbops.rotation.plugins.module_utils._errors import LoginRefused
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login

MYSQL, MARIADB = "mysql", "mariadb"
HOSTS = ("%", "localhost")


@cache
def hashed(plugin: str, password: str) -> str:
    return make_hash(plugin, password).decode()


@dataclass
class MemoryServer:
    """One server with the rows of the account root: each is a host with its stored hashes, the primary first.

    A login is let in by the first row.
    """

    flavor: str
    plugin: str
    rows: dict[str, list[str]]
    server_id: str = field(default="here", kw_only=True)
    before_statement: Callable[[str], None] = field(default=lambda _statement: None, kw_only=True)

    def perform(self, name: str, effect: Callable[[], Any]) -> Any:
        """Let one change of the server happen."""
        return effect()

    def connect(self, login: Login, *_options: object) -> MemorySession:
        if hashed(self.plugin, login.password) not in self.rows[HOSTS[0]]:
            raise LoginRefused("no", code="login_refused")
        return MemorySession(self)

    def opened_by(self, password: str) -> bool:
        """Return True if this password opens every row."""
        return all(hashed(self.plugin, password) in stored for stored in self.rows.values())

    def opened_alone_by(self, password: str) -> bool:
        """Return True if this password opens every row, and no other does."""
        return all(stored == [hashed(self.plugin, password)] for stored in self.rows.values())


class MemorySession:
    """A connection to it."""

    connection_id = 7
    place = "memory:3306"
    tls_version = "TLSv1.3"

    def __init__(self, server: MemoryServer) -> None:
        self.server = server

    def value(self, statement: str, *arguments: object) -> Any:
        self.server.before_statement(statement)
        return f"root@{HOSTS[0]}" if "CURRENT_USER" in statement else 1  # every other is about the fence

    def query(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        self.server.before_statement(statement)
        if statement.startswith("SHOW GLOBAL VARIABLES"):
            version = {MYSQL: "8.0.40", MARIADB: "10.11.8-MariaDB"}[self.server.flavor]
            return [("version", version), ("server_uuid", self.server.server_id)]
        if "FROM information_schema.PLUGINS" in statement:
            return [(NATIVE,), (self.server.plugin,), ("unix_socket",)]
        if "FROM mysql.user" in statement:
            return [self._mysql_row(host, *stored) for host, stored in self.server.rows.items()]
        if "FROM mysql.global_priv" in statement:
            return [("root", host, self._priv(stored)) for host, stored in self.server.rows.items()]
        if statement.startswith("ALTER USER"):
            effect = self._alter_mysql if self.server.flavor == MYSQL else self._alter_mariadb
            self.server.perform("alter", lambda: effect(statement, list(arguments)))
        return []

    def close(self) -> None:
        """Nothing is held."""

    def _mysql_row(self, host: str, primary: str, retained: str = "") -> tuple[Any, ...]:
        return ("root", host, NATIVE, primary.encode().hex(), "N", retained.encode().hex() or None, 0, None, None)

    def _priv(self, stored: list[str]) -> str:
        first, *others = [{"plugin": self.server.plugin, "authentication_string": string} for string in stored]
        return json.dumps({**first, "auth_or": [{}, *others, {"plugin": "unix_socket"}]})

    def _alter_mysql(self, statement: str, arguments: list[str]) -> None:
        if "DISCARD OLD PASSWORD" in statement:
            for host in arguments[1::2]:
                del self.server.rows[host][1:]
            return
        retained = statement.count("RETAIN CURRENT PASSWORD")
        assert retained in (0, len(arguments) / 3)
        for host, given in zip(arguments[1::3], arguments[2::3], strict=True):
            stored = given if " AS %s" in statement else hashed(NATIVE, given)
            before = self.server.rows[host]
            self.server.rows[host] = [stored, *(before[:1] if retained else before[1:])]

    def _alter_mariadb(self, statement: str, arguments: list[str]) -> None:
        assert statement.endswith("unix_socket")
        self.server.rows[arguments[1]] = arguments[2:]
