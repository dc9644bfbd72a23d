# SPDX-License-Identifier: GPL-3.0-or-later
"""Real MySQL and MariaDB servers on free loopback ports, each with TLS and a general log."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
from pymysql.connections import Connection

from world import installation, processes, template
from world.certificates import Certificate
from world.errors import WorldError

HOST = "127.0.0.1"
# The kernel takes 107 bytes; MariaDB adds a few of its own to some of its names.
SOCKET_LIMIT = 100
STARTING = 60.0
LOST_PORT = ("already in use", "Bind on TCP/IP port")
FLAVOR_OPTIONS = {"mysql": ["--disable-log-bin"], "mariadb": ["--skip-log-bin"]}


class DatabaseServer:
    """One server with a data folder of its own, made from the template that has only an administrator in it."""

    def __init__(
        self,
        flavor: str,
        folder: Path,
        *,
        ca_file: Path | None = None,
        certificate: Certificate | None = None,
        options: Sequence[str] = (),
        tied: bool = True,
    ) -> None:
        """Describe a server; without a certificate MySQL makes its own and MariaDB offers no TLS.

        `options` come last on the command line, so they override the ones chosen here. A tied server is killed
        when the thread that started it ends.
        """
        self.flavor = flavor
        self.folder = folder
        self.port = 0
        self.error_log = folder / "error.log"
        self.general_log = folder / "general.log"
        self.socket = folder / "s"
        self.temporary: Path | None = None
        self.process: processes.Process | None = None
        self._ca_file, self._certificate, self._options, self._tied = ca_file, certificate, list(options), tied
        self._admin_password = ""
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return when it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it without waiting, so that several servers can start side by side."""
        found = installation.find(self.flavor)
        source = template.prepare(found)
        data = self.folder / "data"
        if not data.exists():
            self._lay_out(source, data)
        self._admin_password = (source / "admin").read_text()
        self.port = processes.free_port()
        marker = f"--datadir={data}"
        self.error_log.write_text("")
        command = [*template.base_options(found), marker, *self._settings()]
        self._child = processes.start(command, marker, self.folder / "output.log", tied=self._tied)
        self.process = processes.Process(self._child.pid, marker)

    def wait(self) -> None:
        """Return when it answers; a port lost to another program is replaced by a new one."""
        limit = time.monotonic() + STARTING
        while not self._answers():
            if self._child is not None and self._child.poll() is not None:
                self._relaunch()
            elif time.monotonic() > limit:
                raise WorldError(f"{self.flavor} takes over {STARTING:.0f} s to start: see {self.error_log}.")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it, by force when it does not end in time; the data stays for another start."""
        if self.process is None or self._child is None:
            return
        processes.end([self.process])
        self._child.wait()
        self.process = self._child = None

    def remove(self) -> None:
        """End it and remove everything that it wrote."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.temporary is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)

    @property
    def admin_password(self) -> str:
        """The password of the administrator, which is good for `localhost` only."""
        return self._admin_password

    @contextmanager
    def admin(self) -> Iterator[Connection[Any]]:
        """A connection as administrator over the socket, whose statements stay out of the general log."""
        with administrator(self.socket, self._admin_password) as connection:
            yield connection

    def create_account(self, user: str, hosts: Sequence[str], password: str, plugin: str | None = None) -> None:
        """Create user@host for each host, all with this password and every privilege, as a root account has them."""
        with self.admin() as connection, connection.cursor() as cursor:
            for host in hosts:
                clause, value = self.password_clause(password, plugin)
                cursor.execute(f"CREATE USER %s@%s {clause}", (user, host, value))
                cursor.execute("GRANT ALL PRIVILEGES ON *.* TO %s@%s WITH GRANT OPTION", (user, host))

    def drop_account(self, user: str) -> None:
        """Drop every row of this user."""
        with self.admin() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT Host FROM mysql.user WHERE User = %s", (user,))
            for (host,) in cursor.fetchall():
                cursor.execute("DROP USER %s@%s", (user, host))

    def password_clause(self, password: str, plugin: str | None = None) -> tuple[str, str]:
        """How an account's password is written in this server's SQL, and the value for it."""
        if self.flavor == "mysql":
            return (f"IDENTIFIED WITH {plugin} BY %s" if plugin else "IDENTIFIED BY %s"), password
        if plugin in (None, "mysql_native_password"):
            return "IDENTIFIED VIA mysql_native_password USING %s", native_hash(password)
        return f"IDENTIFIED VIA {plugin} USING PASSWORD(%s)", password

    def _lay_out(self, source: Path, data: Path) -> None:
        """Copy the template and make the folders for the rest."""
        (self.folder / "tmp").mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", "--reflink=auto", source / "data", data], check=True)
        if len(bytes(self.socket)) >= SOCKET_LIMIT:
            self.temporary = Path(tempfile.mkdtemp(prefix="world-"))
            self.socket = self.temporary / "s"

    def _settings(self) -> list[str]:
        """The options of this server's run."""
        named = {
            "port": self.port,
            "bind-address": HOST,
            "socket": self.socket,
            "pid-file": self.folder / "pid",
            "tmpdir": self.folder / "tmp",
            "log-error": self.error_log,
            "general-log": 1,
            "general-log-file": self.general_log,
            "max-connections": 200,
        }
        if self._certificate:
            named |= {"ssl-cert": self._certificate.certificate, "ssl-key": self._certificate.key}
        if self._ca_file:
            named |= {"ssl-ca": self._ca_file}
        return [f"--{name}={value}" for name, value in named.items()] + FLAVOR_OPTIONS[self.flavor] + self._options

    def _answers(self) -> bool:
        """Whether this server, and not another one on the same port, takes connections."""
        if not self.socket.exists() or "ready for connections" not in self.error_log.read_text(errors="replace"):
            return False
        try:
            with self.admin():
                return True
        except pymysql.err.OperationalError:
            return False

    def _relaunch(self) -> None:
        """Start again on another port if the last one was taken meanwhile; any other end is an error."""
        messages = self.error_log.read_text(errors="replace")
        if not any(words in messages for words in LOST_PORT):
            raise WorldError(f"The {self.flavor} server ended instead of starting: see {self.error_log}.")
        self.launch()


@contextmanager
def administrator(socket: Path, password: str) -> Iterator[Connection[Any]]:
    """The connection behind `DatabaseServer.admin`, for programs that know a running server by its socket only."""
    connection = pymysql.connect(
        unix_socket=str(socket), user=template.ADMIN, password=password, ssl_disabled=True, autocommit=True
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_log_off = 1")
        yield connection
    finally:
        connection.close()


def native_hash(password: str) -> str:
    """What mysql_native_password stores; sent instead of the password, it is in no log."""
    inner = hashlib.sha1(password.encode()).digest()
    return "*" + hashlib.sha1(inner).hexdigest().upper()
