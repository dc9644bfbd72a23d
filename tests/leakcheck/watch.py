# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be seen only while a run lasts: files, processes, the rows and threads of the servers."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pymysql
from world.databases import DatabaseServer

PAUSE = 0.1
# The rows with every password that they hold at the moment, as the server stores it.
ROWS = {
    "mysql": "SELECT authentication_string, User_attributes->>'$.additional_password' FROM mysql.user",
    "mariadb": "SELECT Priv FROM mysql.global_priv",
}
THREADS = "SELECT INFO FROM information_schema.PROCESSLIST WHERE INFO IS NOT NULL AND ID <> CONNECTION_ID()"

UNSEEN = (
    "SET SESSION long_query_time = 3600",
    "UPDATE performance_schema.threads SET INSTRUMENTED = 'NO' WHERE PROCESSLIST_ID = CONNECTION_ID()",
)


class Watch:
    """Looks again and again, and keeps what it has not seen before."""

    def __init__(self, folder: Path, servers: Mapping[str, DatabaseServer]) -> None:
        """Take where the temporary files of the runs are, and the servers."""
        self._folder, self._servers = folder, servers
        self.files: dict[str, bytes] = {}
        self.arguments: set[bytes] = set()
        self.environments: set[bytes] = set()
        self.rows: dict[str, set[str]] = {flavor: set() for flavor in servers}
        self.statements: dict[str, set[str]] = {flavor: set() for flavor in servers}
        self._programs: dict[str, bytes] = {}
        self._over = threading.Event()
        self._broken: list[Exception] = []

    def __enter__(self) -> Self:
        looking = (self._look_at_files, self._look_at_processes, *self._servers)
        self._threads = [threading.Thread(target=self._keep_looking, args=(what,), daemon=True) for what in looking]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for error in self._broken:
            raise error

    def look_twice(self) -> None:
        """Wait until everything has been looked at once more from its beginning."""
        time.sleep(1)

    def _keep_looking(self, what: Any) -> None:
        """Look until the end; a watch that broke off would have seen nothing and said so."""
        try:
            if isinstance(what, str):
                self._look_at_server(what)
            while not self._over.wait(PAUSE):
                what()
        except Exception as error:
            self._broken.append(error)

    def _look_at_files(self) -> None:
        """Read what is new; a folder may be gone before it is read, which `os.walk` takes for empty."""
        for folder, _folders, names in os.walk(self._folder):
            for path in (Path(folder, name) for name in names):
                with suppress(OSError):
                    told = path.stat()
                    key = f"{path.relative_to(self._folder)} {told.st_mtime_ns} {told.st_size}"
                    if key not in self.files:
                        self.files[key] = path.read_bytes()

    def _look_at_processes(self) -> None:
        """Read every process that is new, or has become another program."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                arguments = Path(f"/proc/{name}/cmdline").read_bytes()
                if self._programs.get(name) != arguments:
                    self._programs[name] = arguments
                    self.arguments.add(arguments)
                    self.environments.add(Path(f"/proc/{name}/environ").read_bytes())

    def _look_at_server(self, flavor: str) -> None:
        """Look over one connection, which leaves no trace in the logs."""
        with self._servers[flavor].admin() as connection, connection.cursor() as cursor:
            for statement in UNSEEN:
                cursor.execute(statement)
            while not self._over.wait(PAUSE):
                with suppress(pymysql.err.OperationalError, pymysql.err.InternalError):
                    cursor.execute(ROWS[flavor])
                    self.rows[flavor].update(_text(value) for row in cursor.fetchall() for value in row if value)
                    cursor.execute(THREADS)
                    self.statements[flavor].update(_text(value) for (value,) in cursor.fetchall())


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
