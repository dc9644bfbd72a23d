# SPDX-License-Identifier: GPL-3.0-or-later
"""A real group of MySQL servers with one primary, on loopback."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from administration import sql
from frozen import freeze, thaw
from running import MakeServer
from world import processes
from world.databases import DatabaseServer
from world.service import HOST

# With a password, because members recover from each other over connections of their own.
REPLICATION_USER, REPLICATION_PASSWORD = "group_recovery", uuid.uuid4().hex
JOINING = 30.0


class Group:
    """Members that keep accounts together; the first one begins as the primary."""

    def __init__(self, make_server: MakeServer, size: int = 3) -> None:
        """Start the servers and let them join."""
        self.name = str(uuid.uuid4())
        ports = [processes.free_port() for _member in range(size)]
        seeds = ",".join(f"{HOST}:{port}" for port in ports)
        self.members = [
            make_server("mysql", options=self._options(number, port, seeds)) for number, port in enumerate(ports, 1)
        ]
        for member in self.members:
            self._join(member)

    def primary(self) -> DatabaseServer:
        """Return the member that takes writes."""
        statement = "SELECT MEMBER_ID FROM performance_schema.replication_group_members WHERE MEMBER_ROLE = 'PRIMARY'"
        primary = sql(self.members[0], statement)[0][0]
        return next(member for member in self.members if server_uuid(member) == primary)

    def others(self) -> list[DatabaseServer]:
        """Return the members that take no writes."""
        primary = self.primary()
        return [member for member in self.members if member is not primary]

    def switch(self) -> None:
        """Make another member the primary, as a person or an operator does."""
        other = server_uuid(self.others()[0])
        sql(self.primary(), "SELECT group_replication_set_as_primary(%s)", other)

    @contextmanager
    def without_majority(self) -> Iterator[None]:
        """Freeze every member but the primary for a while."""
        primary, others = self.primary(), self.others()
        for member in others:
            freeze(member)
        try:
            yield
        finally:
            for member in others:
                thaw(member)
            await_true(lambda: self._online(primary) == len(self.members))

    def await_unreachable(self, primary: DatabaseServer) -> None:
        """Wait until the primary says that it has lost the others."""
        await_true(lambda: self._online(primary) == 1)

    def _options(self, number: int, port: int, seeds: str) -> list[str]:
        return [
            f"--server-id={number}",
            "--log-bin=binlog",
            "--gtid-mode=ON",
            "--enforce-gtid-consistency=ON",
            "--plugin-load-add=group_replication.so",
            f"--loose-group-replication-group-name={self.name}",
            f"--loose-group-replication-local-address={HOST}:{port}",
            f"--loose-group-replication-group-seeds={seeds}",
            "--loose-group-replication-start-on-boot=OFF",
            "--loose-group-replication-recovery-get-public-key=ON",
            f"--report-host={HOST}",
        ]

    def _join(self, member: DatabaseServer) -> None:
        first = member is self.members[0]
        with member.admin() as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_log_bin = 0")
            cursor.execute("CREATE USER %s@'%%' IDENTIFIED BY %s", (REPLICATION_USER, REPLICATION_PASSWORD))
            cursor.execute(
                "GRANT REPLICATION SLAVE, BACKUP_ADMIN, CONNECTION_ADMIN ON *.* TO %s@'%%'", (REPLICATION_USER,)
            )
            cursor.execute("SET SESSION sql_log_bin = 1")
            cursor.execute("SET GLOBAL group_replication_bootstrap_group = %s", (first,))
            cursor.execute("START GROUP_REPLICATION USER=%s, PASSWORD=%s", (REPLICATION_USER, REPLICATION_PASSWORD))
            cursor.execute("SET GLOBAL group_replication_bootstrap_group = 0")
        await_true(lambda: self._online(self.members[0]) == self.members.index(member) + 1)

    def _online(self, server: DatabaseServer) -> int:
        statement = "SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE MEMBER_STATE = 'ONLINE'"
        return int(sql(server, statement)[0][0])


def server_uuid(server: DatabaseServer) -> str:
    """Return the identity that a MySQL server has of its own."""
    return str(sql(server, "SELECT @@server_uuid")[0][0])


def await_true(condition: Callable[[], bool], patience: float = JOINING) -> None:
    """Ask until it is so."""
    limit = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < limit, "it did not come to that in time"
        time.sleep(0.05)
