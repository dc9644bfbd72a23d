# SPDX-License-Identifier: GPL-3.0-or-later
"""A client whose secret and server have parted: refused without guessing, and brought together by what works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from by_hand import move, put_current
from deaths import AFTER_PROMOTE
from drift import BY_HAND, change_by_hand, reconcile
from managed import MakeClient, ManagedClient, playbook, secrets_manager, write_inventory
from settled import assert_settled
from trouble import account_rows, refused_logins

from ansible_collections.dbops.rotation.plugins.module_utils._module.reconcile import RECONCILE

REFUSED = "rotation/refused"


@pytest.fixture
def drifted(client: ManagedClient) -> ManagedClient:
    """A client whose password somebody has changed on the server."""
    client.rotate()
    change_by_hand(client)
    return client


@pytest.fixture
def administrator(drifted: ManagedClient) -> Iterator[str]:
    """The secret of another account that may do everything; its host is not asked for, the client's is."""
    name = f"{drifted.user}_admin"
    drifted.server.create_account(name, ["localhost"], "Break-glass-1")
    document = drifted.document(username=name, password="Break-glass-1", host="elsewhere.example.com")
    secret_id = f"break-glass/{drifted.name}"
    secrets_manager(drifted.aws).create_secret(Name=secret_id, SecretString=json.dumps(document))
    yield secret_id
    secrets_manager(drifted.aws).delete_secret(SecretId=secret_id, ForceDeleteWithoutRecovery=True)
    drifted.server.drop_account(name)


def test_the_password_that_works_goes_into_the_secret(drifted: ManagedClient) -> None:
    rows, due = account_rows(drifted), drifted.tags()["rotation/due"]
    result = reconcile(drifted, password=BY_HAND)
    assert result["changed"] and "the password that works is in the secret again" in result["msg"]
    assert result["logins"] == {"succeeded": 1, "failed": 0}
    assert drifted.stored()["password"] == BY_HAND and account_rows(drifted) == rows
    assert drifted.tags()["rotation/due"] == due, "a password set by hand does not begin the cycle anew"
    assert_settled(drifted)
    drifted.rotate()
    assert_settled(drifted)


def test_other_keys_of_the_secret_are_kept(drifted: ManagedClient) -> None:
    put_current(drifted, password=drifted.stored()["password"], dbname="orders")
    reconcile(drifted, password=BY_HAND)
    assert drifted.stored()["dbname"] == "orders"


def test_rows_that_were_left_behind_get_one_password(client: ManagedClient) -> None:
    client.rotate()
    change_by_hand(client, hosts=("localhost",))
    result = reconcile(client, password=BY_HAND)
    assert result["action"] == "rotate" and client.stored()["password"] != BY_HAND
    assert_settled(client)


def test_a_wrong_password_changes_nothing(drifted: ManagedClient) -> None:
    before, refused = (drifted.stages(), account_rows(drifted)), refused_logins(drifted)
    result = drifted.run(RECONCILE, password="not this one")
    assert result["error"]["code"] == "login_refused" and "rotation_reconcile_" in result["error"]["next_step"]
    assert (drifted.stages(), account_rows(drifted)) == before
    assert refused_logins(drifted) - refused == 1


def test_a_version_of_the_secret_may_be_what_works(client: ManagedClient) -> None:
    client.rotate()
    move(client, "AWSCURRENT", client.stages()["AWSPREVIOUS"])
    password = client.stored("AWSPREVIOUS")["password"]
    assert client.refused()["code"] == "login_refused"
    reconcile(client, version="AWSPREVIOUS")
    assert client.stored()["password"] == password
    assert_settled(client)


def test_a_version_may_be_named_by_its_id(client: ManagedClient) -> None:
    client.rotate()
    change_by_hand(client, client.password)
    reconcile(client, version=client.stages()["AWSPREVIOUS"])
    assert client.stored()["password"] == client.password
    assert_settled(client)


def test_a_label_moved_back_while_both_work_is_led_forward(client: ManagedClient) -> None:
    AFTER_PROMOTE.interrupt(client)
    newer = client.stored()["password"]
    move(client, "AWSCURRENT", client.stages()["AWSPREVIOUS"])
    told = client.refused()
    assert "-e rotation_reconcile_version=AWSPREVIOUS" in told["next_step"]
    reconcile(client, version="AWSPREVIOUS")
    assert client.stored()["password"] == newer
    assert_settled(client)


def test_an_administrators_secret_sets_a_new_password(drifted: ManagedClient, administrator: str) -> None:
    refused = drifted.run(RECONCILE, admin_secret_id=administrator)
    assert refused["error"]["code"] == "nothing_covered"
    rows = [f"{drifted.user}@{host}" for host in drifted.hosts]
    assert all(row in refused["error"]["next_step"] for row in rows)
    result = reconcile(drifted, admin_secret_id=administrator, adopt_rows=rows)
    assert result["action"] == "rotate" and not drifted.opens(BY_HAND)
    assert_settled(drifted)


def test_an_administrator_needs_no_names_where_the_rows_are_known(
    client: ManagedClient, drifted: ManagedClient
) -> None:
    change_by_hand(drifted, drifted.password)  # a version of the secret, but not the current one
    name = f"{drifted.user}_admin"
    drifted.server.create_account(name, ["localhost"], "Break-glass-1")
    secret_id = f"break-glass/{drifted.name}"
    document = drifted.document(username=name, password="Break-glass-1")
    secrets_manager(drifted.aws).create_secret(Name=secret_id, SecretString=json.dumps(document))
    reconcile(drifted, admin_secret_id=secret_id)
    assert_settled(drifted)
    drifted.server.drop_account(name)


def test_check_mode_proves_the_password_and_stores_nothing(drifted: ManagedClient) -> None:
    before = drifted.stages(), drifted.tags()
    result = reconcile(drifted, password=BY_HAND, check=True)
    assert result["changed"] and "would become AWSCURRENT" in result["msg"]
    assert (drifted.stages(), drifted.tags()) == before


def test_a_server_that_was_repaired_is_believed_again(drifted: ManagedClient) -> None:
    """The person who repairs it says so by reconciling; no schedule finds out by trying."""
    current = drifted.stored()["password"]
    assert drifted.refused()["code"] == "login_refused"
    change_by_hand(drifted, current)
    assert drifted.refused(trigger="scheduled")["code"] == "known_refused"
    reconcile(drifted)
    assert drifted.tags()[REFUSED] == ""
    assert_settled(drifted)


def test_fifty_hourly_runs_leave_a_drifted_account_unlocked(make_client: MakeClient, mysql_server: Any) -> None:
    client = make_client(mysql_server).create()
    client.rotate()
    for host in client.hosts:
        client.sql("ALTER USER %s@%s FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED", client.user, host)
    change_by_hand(client)
    before = refused_logins(client)
    codes = [client.refused(trigger="scheduled")["code"] for _hour in range(50)]
    assert codes == ["login_refused", *["known_refused"] * 49]
    assert refused_logins(client) - before == 1
    assert client.opens(BY_HAND)


def test_a_refusal_is_forgotten_when_another_version_is_current(drifted: ManagedClient) -> None:
    assert drifted.refused(trigger="scheduled")["code"] == "login_refused"
    put_current(drifted, password=BY_HAND)
    assert drifted.rotate(trigger="scheduled")["changed"]
    assert_settled(drifted)


def test_the_playbook_takes_the_password_from_a_file(drifted: ManagedClient, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(BY_HAND + "\n")
    inventory = str(write_inventory(tmp_path, {drifted.name: drifted.variables()}))
    run = playbook(
        "playbooks/reconcile.yml",
        *("-i", inventory, "-l", drifted.name, "-vvv", "-e", f"rotation_reconcile_password_file={file}"),
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert BY_HAND not in run.stdout + run.stderr
    assert drifted.stored()["password"] == BY_HAND
    assert_settled(drifted)


def test_reconciling_twice_does_not_go_back_and_forth(client: ManagedClient) -> None:
    client.rotate(overlap=3600)
    newer = client.stored()["password"]
    move(client, "AWSCURRENT", client.stages()["AWSPREVIOUS"])
    reconcile(client, version="AWSPREVIOUS")
    assert client.stored()["password"] == newer
    assert_settled(client)
    client.run(RECONCILE, version="AWSPREVIOUS")
    assert client.stored()["password"] == newer and client.opens(newer)


def test_the_older_of_two_passwords_is_not_adopted(client: ManagedClient) -> None:
    client.rotate(overlap=3600)
    result = client.run(RECONCILE, version="AWSPREVIOUS")
    assert result["error"]["code"] == "nothing_to_reconcile" and "rollback.yml" in result["error"]["next_step"]


def test_a_refusal_tells_of_a_label_that_was_moved_back(client: ManagedClient) -> None:
    client.rotate()
    move(client, "AWSCURRENT", client.stages()["AWSPREVIOUS"])
    told = client.refused()
    assert told["code"] == "login_refused" and "AWSCURRENT was moved away" in told["cause"]
    assert f"playbooks/rollback.yml -l {client.name}. To keep" in told["next_step"]


def test_an_administrator_ends_an_unknown_password_whatever_overlap_was_promised(
    drifted: ManagedClient, administrator: str
) -> None:
    drifted.run(RECONCILE, password=BY_HAND)
    drifted.rotate(overlap=3600)
    change_by_hand(drifted)
    reconcile(drifted, admin_secret_id=administrator, adopt_rows=[f"{drifted.user}@{host}" for host in drifted.hosts])
    assert not drifted.opens(BY_HAND)
    assert_settled(drifted)


def test_a_version_that_does_not_exist_is_told(drifted: ManagedClient) -> None:
    result = drifted.run(RECONCILE, version="AWSPREVIUOS")
    assert "Correct rotation_reconcile_version" in result["error"]["next_step"]
