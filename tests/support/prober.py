# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody else who logs in to a server all the time, and measures how long each login takes."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
from managed import HOST
from world.databases import DatabaseServer

ACCOUNT, PASSWORD = "somebody_else", "Else-0123456789"
PAUSE = 0.02
# Above every time that a test keeps a server from committing.
PATIENCE = 60


class Prober:
    """The logins of another account; `longest` is the longest of them in seconds, `logins` how many there were."""

    def __init__(self, server: DatabaseServer) -> None:
        """Take a server on which the account is."""
        self.longest = 0.0
        self.logins = 0
        self._server = server
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._probe, daemon=True)

    def _probe(self) -> None:
        while not self._over.wait(PAUSE):
            began = time.monotonic()
            try:
                self._log_in()
                self.logins += 1
            finally:
                self.longest = max(self.longest, time.monotonic() - began)

    def _log_in(self) -> None:
        pymysql.connect(
            host=HOST,
            port=self._server.port,
            user=ACCOUNT,
            password=PASSWORD,
            ssl=self._tls,
            read_timeout=PATIENCE,
            connect_timeout=PATIENCE,
        ).close()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def give_up(self) -> None:
        """End without waiting for a login that may hang."""
        self._over.set()

    def stop(self) -> None:
        """End after the login that is under way."""
        self._over.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive() and self.logins


def make_account(server: DatabaseServer) -> None:
    """Make the account of somebody else, as long as the server commits."""
    server.create_account(ACCOUNT, ["%"], PASSWORD)


@contextmanager
def probing(server: DatabaseServer) -> Iterator[Prober]:
    """Let somebody else, whose account is there, log in for a while."""
    prober = Prober(server)
    prober.start()
    try:
        yield prober
        prober.stop()
    finally:
        prober.give_up()
