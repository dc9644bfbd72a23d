# SPDX-License-Identifier: GPL-3.0-or-later
"""A check that changes nothing: what it finds, what it calls a problem, and what the playbook's exit status says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymysql
import pytest
from deaths import AFTER_APPLY, AFTER_PROMOTE, AFTER_PUT
from drift import change_by_hand
from managed import HOST, ManagedClient, playbook, secrets_manager, write_inventory
from trouble import refused_logins
from verifying import codes, verified

from ansible_collections.dbops.rotation.plugins.module_utils._db.fence import Fence
from ansible_collections.dbops.rotation.plugins.module_utils._module.verify import VERIFY


def test_a_client_in_order(rotated: ManagedClient) -> None:
    result = verified(rotated)
    assert (result["healthy"], result["findings"]) == (True, [])
    assert result["msg"] == f"{rotated.name}: all is well"
    assert [row["state"] for row in result["rows"]] == ["current", "current"]
    assert result["logins"] == {"succeeded": 1, "failed": 0}


@pytest.mark.parametrize("death", [AFTER_PUT, AFTER_APPLY, AFTER_PROMOTE], ids=str)
def test_an_unfinished_rotation_is_a_problem(rotated: ManagedClient, death: Any) -> None:
    death.interrupt(rotated)
    result = verified(rotated)
    assert not result["healthy"] and "unfinished" in codes(result, problem=True)
    assert f"ansible-playbook rotate.yml -l {rotated.name} -e rotation_trigger=recovery" in result["msg"]
    assert ("pending" in codes(result)) is (death is not AFTER_PROMOTE)
    rotated.rotate(trigger="recovery")
    assert verified(rotated)["healthy"]


def test_an_overlap_is_no_problem(rotated: ManagedClient) -> None:
    rotated.rotate(overlap=3600)
    result = verified(rotated)
    assert result["healthy"] and codes(result) == ["overlap"]
    assert result["rotation"]["overlap_until"]
    assert all(row["second_password"] for row in result["rows"])


def test_a_foreign_row_is_told(rotated: ManagedClient) -> None:
    rotated.server.create_account(rotated.user, ["10.%"], "of-another-team")
    result = verified(rotated)
    assert result["healthy"] and codes(result) == ["foreign_rows"]
    assert {row["row"]: row["state"] for row in result["rows"]}[f"{rotated.user}@10.%"] == "foreign"


def test_a_drifted_client_costs_one_login_and_no_more(rotated: ManagedClient) -> None:
    change_by_hand(rotated)
    before = refused_logins(rotated)
    first: dict[str, Any] = rotated.run(VERIFY)
    assert codes(first, problem=True) == ["login_refused"]
    assert codes(verified(rotated), problem=True) == ["known_refused"]
    assert codes(verified(rotated), problem=True) == ["known_refused"]
    assert refused_logins(rotated) - before == 1


def test_a_leftover_password_that_no_version_knows(rotated: ManagedClient) -> None:
    if rotated.server.flavor == "mariadb":
        pytest.skip("MariaDB's methods are equal: another one is foreign and survives every change")
    current = rotated.stored()["password"]
    change_by_hand(rotated, "unknown-before-1")
    for host in rotated.hosts:
        clause, value = rotated.server.password_clause(current)
        rotated.sql(f"ALTER USER %s@%s {clause} RETAIN CURRENT PASSWORD", rotated.user, host, value)
    assert codes(verified(rotated), problem=True) == ["foreign_secondary"]


def test_a_server_that_expires_the_password_too_soon(rotated: ManagedClient) -> None:
    rotated.sql("ALTER USER %s@localhost PASSWORD EXPIRE INTERVAL 30 DAY", rotated.user)
    result = verified(rotated)
    assert codes(result, problem=True) == ["server_expiry"]
    assert "Shorten rotation_cycle_days" in result["msg"]
    assert sum(row["expires"] is not None for row in result["rows"]) == 1
    assert [text for text in rotated.rotate()["warnings"] if "The server itself expires" in text]


def test_grants_that_somebody_changed(rotated: ManagedClient) -> None:
    rotated.sql("REVOKE SHUTDOWN ON *.* FROM %s@localhost", rotated.user)
    assert codes(verified(rotated), problem=True) == ["grants_changed"]
    warned = rotated.rotate()["warnings"]
    assert [text for text in warned if text.startswith("The grants or the rows of the account")]
    assert verified(rotated)["healthy"], "the next rotation remembers them as they are"


def test_a_rotation_at_work_is_no_problem(rotated: ManagedClient) -> None:
    with (
        pymysql.connect(
            host=HOST,
            port=rotated.server.port,
            user=rotated.user,
            password=rotated.stored()["password"],
            ssl_ca=str(rotated.ca_file),
            ssl_verify_identity=True,
        ) as other,
        other.cursor() as cursor,
    ):
        session = type("Session", (), {"value": lambda _self, sql, *given: first(cursor, sql, given)})()
        Fence(session, rotated.user).acquire()
        result = verified(rotated)
    assert result["healthy"] and codes(result) == ["at_work"]
    assert f"connection {other.thread_id()}, since 20" in result["msg"]


def first(cursor: Any, statement: str, given: tuple[object, ...]) -> Any:
    cursor.execute(statement, given)
    return cursor.fetchone()[0]


def test_the_playbook_fails_where_something_is_to_be_mended(rotated: ManagedClient, tmp_path: Path) -> None:
    inventory = str(write_inventory(tmp_path, {rotated.name: rotated.variables()}))
    run = playbook("playbooks/verify.yml", "-i", inventory)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "all is well" in run.stdout
    AFTER_APPLY.interrupt(rotated)
    run = playbook("playbooks/verify.yml", "-i", inventory)
    assert run.returncode == 2
    shown = " ".join((run.stdout + run.stderr).split())
    assert f"{rotated.name} needs repair:" in shown and "An earlier run had set the new password" in shown
    assert "failed_when" not in shown


def test_a_secret_that_waits_for_deletion_is_a_problem(rotated: ManagedClient) -> None:
    secrets_manager(rotated.aws).delete_secret(SecretId=rotated.secret_id)
    result: dict[str, Any] = rotated.run(VERIFY)
    assert codes(result, problem=True) == ["secret_deleted"] and "restore-secret" in result["msg"]
