# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of account row on every server: nothing that our password opens is ever left out silently.

After a rotation nothing that the old password opened is still opened by it; or the run refused, by name and before it
stored anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pymysql
import pytest
from client_rows import state_of
from managed import MakeClient, ManagedClient
from running import running
from telling import assert_refused
from trouble import account_rows
from world.certificates import Authority, Certificate
from world.databases import DatabaseServer
from zoo import ADDRESS, CHANGED, FOREIGN, OURS, SKIPPED, ZOO, Animal

from ansible_collections.dbops.rotation.plugins.module_utils._context import context as context_module
from ansible_collections.dbops.rotation.plugins.module_utils._module.verify import VERIFY

PLUGINS = {
    "mysql": [f"INSTALL PLUGIN {name} SONAME '{name}.so'" for name in ("auth_socket", "mysql_no_login")],
    "mariadb": [f"INSTALL SONAME '{name}'" for name in ("auth_ed25519", "auth_parsec", "auth_mysql_sha2")],
}
# The server says of these that the password is right, and the account not to be used.
RIGHT_BUT_UNUSABLE = (3118, 4151, 1862, 1820)
REFUSED = (1045, 1698)
CASES = [(server, animal) for animal in ZOO for server in animal.servers]


@pytest.fixture(scope="module")
def servers(workspace: Path, authority: Authority, server_certificate: Certificate) -> Iterator[dict[str, Any]]:
    """The servers of the zoo, started when the first of their rows comes."""
    started: dict[str, Any] = {}
    kept: list[Iterator[DatabaseServer]] = []

    def start(name: str) -> DatabaseServer:
        if name not in started:
            made = DatabaseServer(
                name, workspace / f"zoo-{name}", ca_file=authority.ca_file, certificate=server_certificate
            )
            kept.append(running(made))
            started[name] = next(kept[-1])
            with made.admin() as connection, connection.cursor() as cursor:
                for statement in PLUGINS[made.flavor]:
                    with suppress(pymysql.err.OperationalError):  # a version without that plugin has no row with it
                        cursor.execute(statement)
        found: DatabaseServer = started[name]
        return found

    yield {"start": start}
    for one in kept:
        next(one, None)


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}: {case[1]}")
def case(request: pytest.FixtureRequest, servers: dict[str, Any]) -> tuple[DatabaseServer, Animal]:
    name, animal = request.param
    return servers["start"](name), animal


def put(client: ManagedClient, animal: Animal) -> None:
    """Make the row."""
    for verb, clause in zip(("CREATE", "ALTER"), animal.clauses, strict=False):
        client.sql(f"{verb} USER %s@%s {clause}", client.user, animal.host)
    # A caller from elsewhere may be given this row in place of the other.
    client.sql("GRANT ALL PRIVILEGES ON *.* TO %s@%s WITH GRANT OPTION", client.user, animal.host)
    if animal.edit:
        table = "mysql.user" if client.server.flavor == "mysql" else "mysql.global_priv"
        client.sql(f"UPDATE {table} SET {animal.edit} WHERE User = %s AND Host = %s", client.user, animal.host)
        client.sql("FLUSH PRIVILEGES")


def accepts(client: ManagedClient, password: str) -> bool | None:
    """Return True if the row of the zoo takes a password; None where this client or server cannot say."""
    try:
        client.log_in(password, ADDRESS)
    except pymysql.err.OperationalError as error:
        if error.args[0] in RIGHT_BUT_UNUSABLE:
            return True
        return False if error.args[0] in REFUSED else None
    return True


def test_nothing_that_our_password_opens_is_left_out(
    make_client: MakeClient, case: tuple[DatabaseServer, Animal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context_module, "CONSISTENCY_SECONDS", 0)  # this emulator never contradicts itself
    server, animal = case
    client = make_client(server, hosts=["localhost"], password=OURS).create()
    put(client, animal)
    before, row = accepts(client, OURS), account_rows(client)
    assert animal.opens in (None, before)
    name = f"{client.user}@{animal.host}"
    if animal.verdict not in (CHANGED, SKIPPED, FOREIGN):
        step = "look" if animal.verdict == "row_problem" else "decide"
        error = assert_refused(client, name, code=animal.verdict, step=step, next_step="")
        assert "AWSPENDING" not in client.stages() and accepts(client, OURS) is before
        assert animal.verdict != "row_problem" or f"ALTER USER '{client.user}'@'{animal.host}'" in error["next_step"]
        problems = [found for found in client.run(VERIFY)["findings"] if found["problem"]]
        assert animal.verdict in [found["code"] for found in problems] and name in str(problems)
        return
    result = client.rotate()
    new = client.stored()["password"]
    assert state_of(result, client, animal.host)["state"] == animal.verdict
    assert not accepts(client, OURS) and client.opens(new) and not client.opens(OURS)
    if animal.verdict == CHANGED:
        assert accepts(client, new) is before
    else:
        assert not accepts(client, new)
        assert [one for one in account_rows(client) if one[0] == animal.host] == [
            one for one in row if one[0] == animal.host
        ]
    assert client.run(VERIFY)["healthy"]
    client.rotate()
    assert not accepts(client, new)
