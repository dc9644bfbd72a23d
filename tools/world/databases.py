# SPDX-License-Identifier: GPL-3.0-or-later
"""Real MySQL and MariaDB servers on free loopback ports, each with TLS and a general log."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
from pymysql.connections import Connection

from world import installation, processes, template
from world.certificates import Certificate
from world.debian import RECIPES
from world.service import HOST, Service

# The kernel takes 107 bytes; MariaDB adds a few of its own to some of its names.
SOCKET_LIMIT = 100
FLAVOR_OPTIONS = {"mysql": ["--disable-log-bin"], "mariadb": ["--skip-log-bin"]}


class DatabaseServer(Service):
    """One server with a data folder of its own, made from the template that has only an administrator in it."""

    LOST_PORT = ("already in use", "Bind on TCP/IP port")

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        ca_file: Path | None = None,
        certificate: Certificate | None = None,
        options: Sequence[str] = (),
        tied: bool = True,
    ) -> None:
        """Describe a server of that name in `debian.RECIPES`.

        Without a certificate MySQL and MariaDB 11.4 and newer make their own; an older MariaDB offers no TLS. `options`
        come last on the command line, so they override the ones chosen here. A tied server is killed when the thread
        that started it ends.
        """
        super().__init__(f"The server {name}", folder, "error.log", tied=tied)
        self.name, self.flavor = name, RECIPES[name].flavor
        self.general_log = folder / "general.log"
        self.socket = folder / "s"
        self.temporary: Path | None = None
        self._ca_file, self._certificate, self._options = ca_file, certificate, list(options)
        self._admin_password = ""

    def launch(self) -> None:
        """Start it without waiting; the first start lays the data folder out."""
        found = installation.find(self.name)
        source = template.prepare(found)
        data = self.folder / "data"
        if not data.exists():
            self._lay_out(source, data)
        self._admin_password = (source / "admin").read_text()
        self.port = processes.free_port()
        marker = f"--datadir={data}"
        self.log.write_text("")
        command = [*template.base_options(found), marker, *self._settings()]
        self._start_process(command, marker, self.folder / "output.log")

    def remove(self) -> None:
        """End it and remove everything that it wrote."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.temporary is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)

    @property
    def admin_password(self) -> str:
        """Return the password of the administrator, which is good for `localhost` only."""
        return self._admin_password

    @contextmanager
    def admin(self) -> Iterator[Connection[Any]]:
        """Yield a connection as administrator over the socket, whose statements stay out of the general log."""
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
        """Return how an account's password is written in this server's SQL, and the value for it."""
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
        """Return the options of this server's run."""
        named = {
            "port": self.port,
            "bind-address": HOST,
            "socket": self.socket,
            "pid-file": self.folder / "pid",
            "tmpdir": self.folder / "tmp",
            "log-error": self.log,
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
        if not self.socket.exists() or "ready for connections" not in self._logged():
            return False
        try:
            with self.admin():
                return True
        except pymysql.err.OperationalError:
            return False


@contextmanager
def administrator(socket: Path, password: str) -> Iterator[Connection[Any]]:
    """Connect as `DatabaseServer.admin` does, for programs that know a running server by its socket only."""
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
    """Return what mysql_native_password stores; sent instead of the password, it is in no log."""
    inner = hashlib.sha1(password.encode()).digest()
    return "*" + hashlib.sha1(inner).hexdigest().upper()
