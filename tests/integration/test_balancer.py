# SPDX-License-Identifier: GPL-3.0-or-later
"""Two servers behind one address: a new password is refused by the other one, and the account is never locked."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from managed import HOST, MakeClient, ManagedClient
from running import MakeServer
from telling import assert_silent
from trouble import refused_logins
from world.databases import DatabaseServer


@contextmanager
def balancer(*ports: int) -> Iterator[int]:
    """A port whose connections go to these ports in turn."""
    turns = itertools.cycle(ports)
    with socket.create_server((HOST, 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    caller = listener.accept()[0]
                    server = socket.create_connection((HOST, next(turns)))
                    for ends in ((caller, server), (server, caller)):
                        threading.Thread(target=carry, args=ends, daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def test_a_schedule_before_two_servers_never_locks_the_account(
    mysql_server: DatabaseServer, make_server: MakeServer, make_client: MakeClient
) -> None:
    other_server = make_server("mysql")
    with balancer(mysql_server.port, other_server.port) as port:
        client = make_client(mysql_server).create(port=port)
        other = ManagedClient(other_server, client.aws, client.user, client.password, client.ca_file)
        other_server.create_account(client.user, client.hosts, client.password)
        for one, host in itertools.product((client, other), client.hosts):
            one.sql("ALTER USER %s@%s FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED", client.user, host)
        error = client.refused()
        assert (error["code"], error["step"]) == ("new_password_refused", "verify"), error["msg"]
        assert "several servers behind this address" in error["next_step"] and "ProxySQL" in error["next_step"]
        assert client.tags()["rotation/refused"] == client.stages()["AWSPENDING"]
        assert_silent(client, error)
        for _run in range(10):
            assert client.refused(trigger="scheduled")["code"] in ("new_password_refused", "other_server")
        assert refused_logins(client) + refused_logins(other) == 1
        assert client.opens(client.password) and other.opens(client.password), "AWSCURRENT opens both"
