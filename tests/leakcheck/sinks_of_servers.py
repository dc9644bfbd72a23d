# SPDX-License-Identifier: GPL-3.0-or-later
"""What a database server writes down or shows to its administrators."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import suppress

import pymysql
from administration import sql
from world.databases import DatabaseServer

from .scene import TITLES
from .sink import Found, Sink
from .watch import Watch

HISTORY = ("events_statements_history_long", "events_statements_history", "events_statements_summary_by_digest")
SHOWN = (*HISTORY, "events_statements_current", "prepared_statements_instances", "user_variables_by_thread")
SHOWN_TOO = ("threads", "session_connect_attrs", "events_errors_summary_by_account_by_error", "error_log")


class OfServer(Sink):
    """Something of one server."""

    def __init__(self, server: DatabaseServer, what: str) -> None:
        """Take the server."""
        self.server, self.flavor = server, server.flavor
        self.name = f"{TITLES[server.flavor]}: {what}"

    def say(self, text: str) -> None:
        """Send a statement with it, which the server logs, as it does not log those of the administrator."""
        with self.server.admin() as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_log_off = 0")
            cursor.execute("SELECT %s, SLEEP(0.01)", (text,))


class LogFile(OfServer):
    """A log: what it has grown by."""

    def __init__(self, server: DatabaseServer, what: str, pattern: str) -> None:
        """Take where its files are."""
        super().__init__(server, what)
        self.pattern = pattern
        self._sizes: dict[str, int] = {}

    def begin(self) -> None:
        """Remember how long its files are."""
        self._sizes = {path.name: path.stat().st_size for path in self.server.folder.glob(self.pattern)}

    def collect(self) -> Iterator[Found]:
        """Return what came behind that."""
        for path in self.server.folder.glob(self.pattern):
            yield path.name, path.read_bytes()[self._sizes.get(path.name, 0) :]

    def plant(self, text: str) -> None:
        """Send a statement that is logged everywhere, the binary log included."""
        self.say(text)
        with self.server.admin() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE IF NOT EXISTS plants")
            cursor.execute("CREATE OR REPLACE VIEW plants.plant AS SELECT %s AS it", (text,))


class ErrorLog(LogFile):
    """The error log, with every warning and note."""

    def plant(self, text: str) -> None:
        """Log in under this name, which is refused and noted."""
        with suppress(pymysql.err.OperationalError):
            pymysql.connect(unix_socket=str(self.server.socket), user=text[:32], ssl_disabled=True)


class PerformanceSchema(OfServer):
    """What it keeps of statements, threads and sessions."""

    def __init__(self, server: DatabaseServer) -> None:
        """Take the server."""
        super().__init__(server, "performance_schema")

    def begin(self) -> None:
        """Forget the statements so far."""
        for table in HISTORY:
            sql(self.server, f"TRUNCATE performance_schema.{table}")

    def collect(self) -> Iterator[Found]:
        """Return every row of its tables."""
        present = {name for (name,) in sql(self.server, "SHOW TABLES FROM performance_schema")}
        for table in present & {*SHOWN, *SHOWN_TOO}:
            for row in sql(self.server, f"SELECT * FROM performance_schema.{table}"):
                yield table, b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)

    def plant(self, text: str) -> None:
        """Send a statement."""
        self.say(text)


def shape(statement: str) -> str:
    """How a statement begins, without what is in its quotes."""
    return re.sub(r"'(?:[^'\\]|\\.)*'", "'...'", statement)[:120]


class ProcessList(OfServer):
    """The statements that run, sampled during the runs."""

    def __init__(self, server: DatabaseServer, watch: Watch) -> None:
        """Take who looks."""
        super().__init__(server, "process list")
        self.watch = watch

    def collect(self) -> Iterator[Found]:
        """Return every statement that was seen."""
        for text in self.watch.statements[self.flavor]:
            yield shape(text), text.encode()

    def plant(self, text: str) -> None:
        """Send a statement that lasts."""
        with self.server.admin() as connection, connection.cursor() as cursor:
            lasting = threading.Thread(target=cursor.execute, args=("SELECT %s, SLEEP(2)", (text,)))
            lasting.start()
            self.watch.look_twice()
            lasting.join()
