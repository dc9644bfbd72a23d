# SPDX-License-Identifier: GPL-3.0-or-later
"""A row that a password of the secret opens beside one that no version knows: a person decides what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from client_rows import ELSEWHERE, FOREIGN, THREE, holds_only, opens_from, state_of
from drift import BY_HAND, change_by_hand
from managed import MakeClient, ManagedClient, playbook, secrets_manager, write_inventory
from onboarding import has_secret, onboard
from playbook_runs import said
from telling import assert_refused
from trouble import account_rows
from world.databases import DatabaseServer, native_hash

from ansible_collections.dbops.rotation.plugins.module_utils._context import context as context_module
from ansible_collections.dbops.rotation.plugins.module_utils._module.reconcile import RECONCILE
from ansible_collections.dbops.rotation.plugins.module_utils._module.verify import VERIFY

TRIGGERS = ("on_demand", "scheduled", "recovery", "rollback")
CODES = {"mysql": "foreign_primary", "mariadb": "foreign_secondary"}


@pytest.fixture
def three(make_client: MakeClient, server: DatabaseServer) -> ManagedClient:
    """A client with three rows and a former password, on each kind of server in turn; its password is due."""
    client = make_client(server, hosts=THREE).create()
    client.rotate()
    due = {"Key": "rotation/due", "Value": "2026-01-01T00:00:00Z"}
    secrets_manager(client.aws).tag_resource(SecretId=client.secret_id, Tags=[due])
    return client


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a version that Secrets Manager may not show yet: this emulator shows every one."""
    monkeypatch.setattr(context_module, "CONSISTENCY_SECONDS", 0)


def put_before(client: ManagedClient, host: str, password: str, foreign: str = FOREIGN) -> None:
    """Set a password on a row, and another before it, as a person does who thinks of the programs."""
    if client.server.flavor == "mysql":
        client.sql("ALTER USER %s@%s IDENTIFIED BY %s", client.user, host, password)
        client.sql("ALTER USER %s@%s IDENTIFIED BY %s RETAIN CURRENT PASSWORD", client.user, host, foreign)
        return
    via = "IDENTIFIED VIA mysql_native_password USING %s OR mysql_native_password USING %s"
    client.sql(f"ALTER USER %s@%s {via}", client.user, host, native_hash(foreign), native_hash(password))


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("hosts", [("%",), THREE], ids=["one row", "every row"])
def test_a_row_with_ours_behind_a_foreign_password_is_refused(
    three: ManagedClient, trigger: str, hosts: tuple[str, ...]
) -> None:
    current = three.stored()["password"]
    for host in hosts:
        put_before(three, host, current)
    rows = ", ".join(f"{three.user}@{host}" for host in sorted(hosts))
    assert_refused(
        three,
        "that no version of the secret knows",
        rows,
        code=CODES[three.server.flavor],
        step="decide",
        next_step='let the rotation end it: the same command with -e \'{"rotation_adopt_rows": [',
        trigger=trigger,
    )
    assert opens_from(three, ELSEWHERE, current) and opens_from(three, ELSEWHERE, FOREIGN)


@pytest.mark.usefixtures("at_once")
def test_a_former_password_behind_a_foreign_one_is_refused_too(three: ManagedClient) -> None:
    put_before(three, "%", three.password)
    assert three.refused()["code"] == CODES[three.server.flavor]
    assert opens_from(three, ELSEWHERE, three.password)


def test_a_foreign_password_between_two_of_ours_is_refused(mariadb_client: ManagedClient) -> None:
    client = mariadb_client
    client.rotate()
    words = (client.stored()["password"], FOREIGN, client.password)
    via = " OR ".join(["mysql_native_password USING %s"] * 3)
    client.sql(f"ALTER USER %s@%s IDENTIFIED VIA {via}", client.user, "%", *(native_hash(word) for word in words))
    assert client.refused()["code"] == "foreign_secondary"


@pytest.mark.usefixtures("at_once")
def test_a_row_that_is_named_is_taken_over_and_current_opens_it_all_the_while(three: ManagedClient) -> None:
    current, name = three.stored()["password"], f"{three.user}@%"
    put_before(three, "%", current)
    foreseen = three.run(check=True, adopt_rows=[name])
    assert foreseen["changed"] and foreseen["action"] == "rotate"
    result = three.rotate(adopt_rows=[name])
    assert state_of(result, three, "%")["state"] == "changed"
    taken = [text for text in result["warnings"] if text.startswith(f"On {name} AWSCURRENT's password took the place")]
    assert len(taken) == (three.server.flavor == "mysql")
    assert all(holds_only(three, host, three.stored()["password"]) for host in THREE)
    assert not opens_from(three, ELSEWHERE, FOREIGN) and not opens_from(three, ELSEWHERE, current)
    assert three.run(VERIFY)["healthy"]


@pytest.mark.usefixtures("at_once")
def test_a_row_that_is_named_to_a_run_with_nothing_else_to_do(three: ManagedClient) -> None:
    current = three.stored()["password"]
    put_before(three, "%", current)
    result = three.rotate(trigger="recovery", adopt_rows=[f"{three.user}@%"])
    assert result["changed"] and three.stored()["password"] == current
    assert all(holds_only(three, host, current) for host in THREE)


def test_a_check_shows_the_row_as_what_it_is(three: ManagedClient) -> None:
    put_before(three, "%", three.stored()["password"])
    result: dict[str, Any] = three.run(VERIFY)
    code = CODES[three.server.flavor]
    assert code in [found["code"] for found in result["findings"] if found["problem"]]
    assert not [found for found in result["findings"] if found["code"] == "foreign_rows"]
    (row,) = [row for row in result["rows"] if row["row"] == f"{three.user}@%"]
    state = "foreign_primary" if code == "foreign_primary" else "current"
    assert (row["state"], row["second_password"]) == (state, True)


def test_a_schedule_a_check_and_the_command_that_they_name(
    make_client: MakeClient, mysql_server: DatabaseServer, tmp_path: Path
) -> None:
    client = make_client(mysql_server, hosts=THREE).create()
    client.rotate()
    due = {"Key": "rotation/due", "Value": "2026-01-01T00:00:00Z"}
    secrets_manager(client.aws).tag_resource(SecretId=client.secret_id, Tags=[due])
    current = client.stored()["password"]
    put_before(client, "%", current)
    before = account_rows(client), client.stages()
    inventory = str(write_inventory(tmp_path, {client.name: client.variables()}))
    run = playbook("playbooks/rotate_due.yml", "-i", inventory)
    assert run.returncode != 0 and "stands before one of this secret" in said(run), said(run)
    run = playbook("playbooks/verify.yml", "-i", inventory)
    assert run.returncode == 2 and f"stands before one of this secret on {client.user}@%" in said(run), said(run)
    assert (account_rows(client), client.stages()) == before
    adopt = f'{{"rotation_adopt_rows": ["{client.user}@%"]}}'
    run = playbook("rotate.yml", "-i", inventory, "-l", client.name, "-e", adopt, "-e", "rotation_force=true")
    assert run.returncode == 0, said(run)
    new = client.stored()["password"]
    assert new != current and opens_from(client, ELSEWHERE, new)
    assert not opens_from(client, ELSEWHERE, current) and not opens_from(client, ELSEWHERE, FOREIGN)
    run = playbook("playbooks/verify.yml", "-i", inventory)
    assert run.returncode == 0 and "all is well" in said(run), said(run)


def test_a_reconciliation_stores_nothing_where_another_row_is_opened_by_both(three: ManagedClient) -> None:
    put_before(three, "%", three.stored()["password"])
    change_by_hand(three, BY_HAND, ("localhost", "10.%"))
    before = three.stages(), account_rows(three)
    for check in (True, False):
        result = three.run(RECONCILE, check=check, password=BY_HAND)
        assert result["failed"] and result["error"]["code"] == CODES[three.server.flavor], result["msg"]
        assert (result["error"]["step"], result["error"]["state"][:19]) == ("look", "Nothing was changed")
        assert (three.stages(), account_rows(three)) == before
    result = three.run(RECONCILE, password=BY_HAND, adopt_rows=[f"{three.user}@%"])
    assert not result.get("failed"), result["msg"]
    assert all(holds_only(three, host, three.stored()["password"]) for host in THREE)


@pytest.mark.parametrize("host", ["localhost", "%"], ids=["the row of the login", "another row"])
def test_onboarding_with_a_password_that_is_only_the_second(
    make_client: MakeClient, mysql_server: DatabaseServer, tmp_path: Path, host: str
) -> None:
    client = make_client(mysql_server).create_account()
    put_before(client, host, client.password)
    run = onboard(tmp_path, client, rotation_onboard_password=client.password)
    assert run.returncode != 0 and not has_secret(client)
    assert f"The given password is only the second one of {client.user}@{host}; another stands before it." in said(run)
    client.sql("ALTER USER %s@%s IDENTIFIED BY %s", client.user, host, client.password)
    client.sql("ALTER USER %s@%s DISCARD OLD PASSWORD", client.user, host)
    run = onboard(tmp_path, client, rotation_onboard_password=client.password)
    assert run.returncode == 0, said(run)


def test_onboarding_with_a_password_that_stands_beside_another_says_what_follows(
    make_client: MakeClient, server: DatabaseServer, tmp_path: Path
) -> None:
    client = make_client(server).create_account()
    put_before(client, "localhost", FOREIGN, client.password)
    run = onboard(tmp_path, client, rotation_onboard_password=client.password)
    assert run.returncode == 0, said(run)
    assert f"Another password is valid beside the given one on {client.user}@localhost." in said(run)
    assert client.refused()["code"] == "foreign_secondary"
    client.rotate(adopt_rows=[f"{client.user}@localhost"])
    assert client.opens(client.stored()["password"]) and not client.opens(FOREIGN)
