# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the server's global settings are, a client is onboarded, rotated, verified and rolled back.

`ROTATION_DRAWS=200 pytest tests/integration/test_random_settings.py -s` draws 200 a server; ROTATION_SEED sets another
beginning.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from managed import HOST, MakeClient, ManagedClient
from running import MakeServer
from settings_to_draw import draw, settings_of
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD
from ansible_collections.dbops.rotation.plugins.module_utils._module.verify import VERIFY

DRAWS = int(os.environ.get("ROTATION_DRAWS", "4"))
SEED = os.environ.get("ROTATION_SEED", "1")
# The least that an account needs: for one with every privilege no init_connect runs.
LEAST = {
    "mysql": ("SELECT ON mysql.*", "CREATE USER, SYSTEM_USER ON *.*"),
    "mariadb": ("SELECT ON mysql.*", "CREATE USER ON *.*"),
}


@contextmanager
def changed(cursor: Any, settings: dict[str, object]) -> Iterator[None]:
    """Other global settings for a while, set by a session that began before them."""
    names = ", ".join(f"@@GLOBAL.{name}" for name in settings)
    cursor.execute(f"SELECT {names}")
    (before,) = cursor.fetchall()
    try:
        for name, value in settings.items():
            cursor.execute(f"SET GLOBAL {name} = %s", (value,))
        yield
    finally:
        for name, value in reversed([*zip(settings, before, strict=True)]):
            cursor.execute(f"SET GLOBAL {name} = %s", (value,))


def newcomer(make_client: MakeClient, server: DatabaseServer, random: Random) -> ManagedClient:
    """An account without a secret, with every privilege or with the least."""
    client = make_client(server).create_account()
    if random.random() < 0.5:
        for host in client.hosts:
            client.sql("REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s@%s", client.user, host)
            for grant in LEAST[server.flavor]:
                client.sql(f"GRANT {grant} TO %s@%s", client.user, host)
    return client


def live_through(client: ManagedClient) -> None:
    """Onboard, rotate, verify, roll back, verify; each has to succeed and leave one password that opens."""
    onboarded = client.run(ONBOARD, host=HOST, port=client.server.port, username=client.user, password=client.password)
    assert not onboarded.get("failed"), onboarded["msg"]
    client.rotate()
    rotated = client.stored()["password"]
    assert_well(client)
    assert client.opens(rotated) and not client.opens(client.password)
    client.rotate(trigger="rollback")
    assert_well(client)
    assert client.stored()["password"] == client.password
    assert client.opens(client.password) and not client.opens(rotated)


def assert_well(client: ManagedClient) -> None:
    result = client.run(VERIFY)
    assert result.get("healthy"), result["msg"]


@pytest.mark.parametrize("flavor", ["mysql", "mariadb"])
def test_no_setting_of_the_server_changes_what_a_run_does(
    make_server: MakeServer, make_client: MakeClient, flavor: str
) -> None:
    server, broken, began = make_server(flavor), [], time.monotonic()
    with server.admin() as session, session.cursor() as cursor:
        for number in range(DRAWS):
            random = Random(f"{SEED} {flavor} {number}")
            settings, client = draw(flavor, random), newcomer(make_client, server, random)
            with changed(cursor, settings):
                try:
                    live_through(client)
                except AssertionError as error:
                    broken.append((number, settings, str(error)[:600]))
    print(f"{flavor}: {DRAWS} draws, {len(broken)} broken, {time.monotonic() - began:.0f} s")
    assert not broken


@pytest.mark.parametrize("flavor", ["mysql", "mariadb"])
def test_every_setting_that_is_drawn_can_be_set(make_server: MakeServer, flavor: str) -> None:
    with make_server(flavor).admin() as session, session.cursor() as cursor:
        for name, values in settings_of(flavor).items():
            for value in values:
                with changed(cursor, {name: value}):
                    pass
