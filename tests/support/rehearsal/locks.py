# SPDX-License-Identifier: GPL-3.0-or-later
"""Other runs, other users and backups that hold what a rotation needs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pymysql
from administration import held
from managed import HOST
from trouble import fence_of
from world.template import ADMIN

from ansible_collections.dbops.rotation.plugins.module_utils._db.fence import fence_name
from rehearsal.acme import Acme

SLOT = "rot:slot:1"


@contextlib.contextmanager
def holding(acme: Acme, lock: str, **login: Any) -> Iterator[None]:
    """A connection that holds a lock until somebody ends it."""
    connection = pymysql.connect(**login)
    with connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (lock,))
    acme.places["42"] = str(connection.thread_id())
    yield
    with contextlib.suppress(pymysql.err.Error):
        connection.close()


def of_no_rotation(acme: Acme) -> Iterator[None]:
    acme.sql("CREATE USER app@localhost IDENTIFIED BY 'Ordinary-1'")
    with holding(acme, fence_of(acme), unix_socket=str(acme.server.socket), user="app", password="Ordinary-1"):
        yield
    acme.sql("DROP USER app@localhost")


def of_a_run_whose_machine_is_gone(acme: Acme) -> Iterator[None]:
    account = {"host": HOST, "port": acme.server.port, "user": acme.user, "password": acme.stored()["password"]}
    with holding(acme, fence_of(acme), **account, ssl_ca=str(acme.ca_file)):
        yield


def of_another_account_of_the_server(acme: Acme) -> Iterator[None]:
    acme.set(rotation_deadline=4)
    with held(acme.server, "SELECT GET_LOCK(%s, 0), GET_LOCK(%s, 0)", SLOT, fence_name(ADMIN)) as cursor:
        acme.places["42"] = str(cursor.connection.thread_id())
        with contextlib.suppress(pymysql.err.Error):
            yield


def of_a_backup(acme: Acme) -> Iterator[None]:
    with held(acme.server, "FLUSH TABLES WITH READ LOCK") as cursor:
        acme.kept["end_backup"] = lambda: cursor.execute("UNLOCK TABLES")
        yield


def the_backup_ends(acme: Acme) -> None:
    acme.kept["end_backup"]()
