# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations that wait for their turn, on one server or for AWS, before they change anything."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest
from administration import held
from deaths import AFTER_APPLY, AFTER_PROMOTE, AFTER_PUT
from managed import AT_ONCE, HOST, MakeClient, ManagedClient, playbook, secrets_manager, write_inventory
from settled import assert_settled
from telling import UNCHANGED, assert_refused
from topic import Mailbox
from world.databases import DatabaseServer
from world.template import ADMIN

from ansible_collections.dbops.rotation.plugins.module_utils._db.fence import fence_name
from ansible_collections.dbops.rotation.plugins.module_utils._module.verify import VERIFY

SLOT = "rot:slot:1"
# A rotation of the administrator's own account, as another controller would have it.
AT_WORK = ("SELECT GET_LOCK(%s, 0), GET_LOCK(%s, 0)", SLOT, fence_name(ADMIN))
SOON = 10.0


def sent(client: ManagedClient, beginning: str) -> set[int]:
    """The account's connections that are at work on such a statement now."""
    rows = client.sql("SHOW FULL PROCESSLIST")
    return {row[0] for row in rows if row[1] == client.user and str(row[7]).startswith(beginning)}


def wait_until(condition: Callable[[], object]) -> None:
    limit = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < limit, "it never came to that"
        time.sleep(0.01)


def tag(client: ManagedClient, key: str, value: str) -> None:
    secrets_manager(client.aws).tag_resource(SecretId=client.secret_id, Tags=[{"Key": key, "Value": value}])


def waits_for_slot(client: ManagedClient) -> set[int]:
    return sent(client, f"SELECT GET_LOCK('{SLOT}', 1")


def assert_rotated(client: ManagedClient, result: dict[str, Any]) -> None:
    assert not result.get("failed"), result["msg"]
    assert result["action"] == "rotate" and result["logins"] == {"succeeded": 2, "failed": 0}
    assert client.opens(client.stored()["password"]) and not client.opens(client.password)


@pytest.fixture
def two(make_client: MakeClient, server: DatabaseServer) -> tuple[ManagedClient, ManagedClient]:
    """Two clients on one server, on each kind of server in turn."""
    return make_client(server).create(), make_client(server).create()


def test_two_clients_of_one_server_rotate_one_after_the_other(two: tuple[ManagedClient, ManagedClient]) -> None:
    first, second = two
    with held(first.server, "FLUSH TABLES WITH READ LOCK") as holder, ThreadPoolExecutor(2) as pool:
        at_work = pool.submit(first.run)
        wait_until(lambda: sent(first, "ALTER USER"))
        waiting = pool.submit(second.run)
        wait_until(lambda: waits_for_slot(second))
        assert "AWSPENDING" not in second.stages()
        time.sleep(1.1)
        holder.execute("UNLOCK TABLES")
        results = at_work.result(SOON), waiting.result(SOON)
    for client, result in zip(two, results, strict=True):
        assert_rotated(client, result)
    assert results[0]["waited"]["server"] < 0.5 and results[1]["waited"]["server"] > 1
    # What the second had seen was old by then.
    assert [[step["name"] for step in result["steps"]].count("look") for result in results] == [1, 2]


def test_two_clients_rotate_at_the_same_time_where_that_is_allowed(two: tuple[ManagedClient, ManagedClient]) -> None:
    first, second = two
    with held(first.server, "FLUSH TABLES WITH READ LOCK") as holder, ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(client.run, per_server=2) for client in two]
        wait_until(lambda: sent(first, "ALTER USER") and sent(second, "ALTER USER"))
        holder.execute("UNLOCK TABLES")
        results = [run.result(SOON) for run in runs]
    for client, result in zip(two, results, strict=True):
        assert_rotated(client, result)


def test_a_third_client_waits_for_either_of_two_slots(make_client: MakeClient, server: DatabaseServer) -> None:
    client = make_client(server).create()
    with (
        held(client.server, "SELECT GET_LOCK(%s, 0), GET_LOCK('rot:slot:2', 0)", SLOT) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        run = pool.submit(client.run, per_server=2)
        wait_until(lambda: sent(client, "SELECT GET_LOCK('rot:slot:"))
        other.execute("DO RELEASE_LOCK(%s)", (SLOT,))
        assert_rotated(client, run.result(SOON))


def test_a_server_that_stays_busy(client: ManagedClient) -> None:
    with held(client.server, *AT_WORK) as other:
        number = other.connection.thread_id()
        began = time.monotonic()
        assert_refused(
            client,
            f"as many as rotation_per_server allows (1), and none ended in time. Their connections: {number}.",
            code="slot_busy",
            step="wait",
            next_step="Wait for them to end, then run the same command again.",
            state=UNCHANGED,
            deadline=3.0,
        )
        assert 1 < time.monotonic() - began < 3
    client.rotate()


def test_a_scheduled_run_leaves_the_client_to_the_next_one(client: ManagedClient) -> None:
    client.rotate()
    tag(client, "rotation/due", "2026-01-01T00:00:00Z")
    stages = client.stages()
    with held(client.server, *AT_WORK):
        result = client.rotate(trigger="scheduled", deadline=3.0)
    assert (result["action"], result["changed"], result["rotated"]) == ("busy", False, False)
    assert f"{client.name}: left to the next scheduled run. Rotations of other accounts" in result["msg"]
    assert result["waited"]["server"] >= 1 and client.stages() == stages
    assert client.rotate(trigger="scheduled")["action"] == "rotate"


@contextmanager
def squatter(client: ManagedClient, *locks: str) -> Iterator[Any]:
    """An ordinary user of the same server who holds locks of the rotation."""
    client.sql("CREATE USER squatter@localhost IDENTIFIED BY %s", "ordinary")
    try:
        with (
            pymysql.connect(unix_socket=str(client.server.socket), user="squatter", password="ordinary") as session,
            session.cursor() as cursor,
        ):
            for lock in locks:
                cursor.execute("SELECT GET_LOCK(%s, 0)", (lock,))
                assert cursor.fetchone() == (1,)
            yield session
    finally:
        client.sql("DROP USER squatter@localhost")


@pytest.mark.parametrize("sees", [True, False], ids=["with PROCESS", "without PROCESS"])
@pytest.mark.parametrize(("lock", "step"), [("fence", "fence"), ("slot", "wait")])
def test_a_lock_that_an_ordinary_user_holds_is_a_failure_and_no_run_at_work(
    client: ManagedClient, lock: str, step: str, sees: bool
) -> None:
    client.rotate()
    tag(client, "rotation/due", "2026-01-01T00:00:00Z")
    granted = "SELECT, CREATE USER, SYSTEM_USER" if client.server.flavor == "mysql" else "SELECT, CREATE USER"
    for host in client.hosts if not sees else ():
        client.sql("REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s@%s", client.user, host)
        client.sql(f"GRANT {granted} ON *.* TO %s@%s", client.user, host)
    with squatter(client, SLOT if lock == "slot" else fence_name(client.user)) as session:
        number = session.thread_id()
        who = "squatter from localhost, connection" if sees else "connection"
        hidden = "" if sees else ", which this account may not see"
        assert_refused(
            client,
            f"A lock that the rotation needs is held by what is no rotation: {who} {number}{hidden}.",
            code="lock_taken",
            step=step,
            next_step=f"As an administrator: KILL {number}; Then run the same command again.",
            trigger="scheduled",
            deadline=3.0,
        )
        checked = client.run(VERIFY)
        problems = [found["code"] for found in checked["findings"] if found["problem"]]
        assert ("lock_taken" in problems) is (lock == "fence") and "at_work" not in str(checked["findings"])
        client.sql(f"KILL {number}")
    assert client.rotate(trigger="scheduled")["action"] == "rotate"


@pytest.mark.parametrize("privilege", [True, False], ids=["an administrator", "an ordinary user"])
def test_a_reconciliation_by_an_administrator_is_a_run_at_work(client: ManagedClient, privilege: bool) -> None:
    """It holds the lock of the minute as well, and its account may change every other."""
    name = fence_name(client.user)
    with squatter(client) as session, session.cursor() as cursor:
        if privilege:
            client.sql("GRANT CREATE USER ON *.* TO squatter@localhost")
        cursor.execute("SELECT GET_LOCK(%s, 0), GET_LOCK(CONCAT(%s, ':', UNIX_TIMESTAMP() DIV 60), 0)", (name, name))
        assert client.refused()["code"] == ("fence_busy" if privilege else "lock_taken")
        found = client.run(VERIFY)["findings"]
        assert [one["code"] for one in found] == ["at_work"] if privilege else "lock_taken" in str(found)


def test_a_schedule_that_an_ordinary_user_stops_fails_is_counted_and_told(
    mysql_client: ManagedClient, tmp_path: Path
) -> None:
    client = mysql_client
    mailbox = Mailbox(client.aws, f"rotation-{client.name}")
    client.rotate()
    tag(client, "rotation/due", "2026-01-01T00:00:00Z")
    variables = client.variables(rotation_topic_arn=mailbox.topic)
    inventory = str(write_inventory(tmp_path, {client.name: variables}))
    with squatter(client, fence_name(client.user)) as session:
        run = playbook("playbooks/rotate_due.yml", "-i", inventory)
        assert run.returncode != 0, run.stdout
        assert f"squatter from localhost, connection {session.thread_id()}" in " ".join(run.stdout.split())
    assert client.tags()["rotation/failures"].startswith("count=1 ")
    (notice,) = [notice for notice in mailbox.read() if notice["event"] == "failed"]
    assert (notice["code"], notice["step"]) == ("lock_taken", "fence")
    run = playbook("playbooks/rotate_due.yml", "-i", inventory)
    assert run.returncode == 0, run.stdout
    assert client.opens(client.stored()["password"])


@pytest.mark.parametrize("death", [AFTER_APPLY, AFTER_PROMOTE], ids=str)
def test_what_was_begun_is_finished_without_waiting(client: ManagedClient, death: Any) -> None:
    death.interrupt(client)
    with held(client.server, "SELECT GET_LOCK(%s, 0)", SLOT):
        result = client.rotate(trigger="recovery")
    assert result["action"] in ("finish", "discard_old") and result["waited"]["server"] == 0
    assert_settled(client)


def test_a_password_that_is_only_stored_waits_like_a_new_one(client: ManagedClient) -> None:
    AFTER_PUT.interrupt(client)
    with held(client.server, *AT_WORK):
        assert client.refused(trigger="recovery", deadline=1.0)["code"] == "slot_busy"
    assert client.rotate(trigger="recovery")["action"] == "resume"
    assert_settled(client)


def test_who_changes_nothing_takes_no_slot(client: ManagedClient) -> None:
    client.rotate()
    with held(client.server, "SELECT GET_LOCK(%s, 0)", SLOT):
        assert client.run(VERIFY)["healthy"]
        assert client.rotate(min_age=600)["action"] == "nothing"
        assert client.run(check=True)["action"] == "rotate"


def test_no_limit(client: ManagedClient) -> None:
    with held(client.server, "SELECT GET_LOCK(%s, 0)", SLOT):
        assert_rotated(client, client.run(per_server=0))


@pytest.mark.parametrize("number", [-1, 65])
def test_a_limit_that_makes_no_sense(mysql_client: ManagedClient, number: int) -> None:
    told = mysql_client.refused(per_server=number)
    assert told["code"] == "invalid_option" and "rotation_per_server" in told["next_step"]


HOLD = """
import sys, time, pymysql
connection = pymysql.connect(**{connection!r})
with connection.cursor() as cursor:
    cursor.execute("SELECT GET_LOCK(%s, 0)", {slot!r})
    print(cursor.fetchall(), flush=True)
time.sleep(60)
"""


def test_a_holder_that_is_killed_gives_its_slot_back(two: tuple[ManagedClient, ManagedClient]) -> None:
    holder, client = two
    connection = {"host": HOST, "port": client.server.port, "user": holder.user, "password": holder.password}
    code = HOLD.format(connection={**connection, "ssl_ca": str(client.ca_file)}, slot=SLOT)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdout.readline() == "((1,),)\n"
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(client.run)
            wait_until(lambda: waits_for_slot(client))
            other.send_signal(signal.SIGKILL)
            assert_rotated(client, run.result(SOON))


def test_a_connection_that_is_killed_while_it_waits(client: ManagedClient) -> None:
    with held(client.server, "SELECT GET_LOCK(%s, 0)", SLOT) as other, ThreadPoolExecutor(1) as pool:
        run = pool.submit(client.run)
        wait_until(lambda: waits_for_slot(client))
        (killed,) = waits_for_slot(client)
        client.sql(f"KILL {killed}")
        wait_until(lambda: waits_for_slot(client) - {killed})
        other.execute("DO RELEASE_LOCK(%s)", (SLOT,))
        result = run.result(SOON)
    assert not result.get("failed"), result["msg"]
    assert_settled(client)


def test_the_workers_of_one_playbook_share_the_write_limit(
    make_client: MakeClient, mysql_server: DatabaseServer, tmp_path: Path
) -> None:
    """Two writes of a kind are within the burst of a process that counts alone; five rotations together are not."""
    clients = [make_client(mysql_server).create() for _number in range(5)]
    variables = {"rotation_write_share": 0.04, "rotation_per_server": 0}
    hosts = {client.name: client.variables(**variables) for client in clients}
    inventory = str(write_inventory(tmp_path, hosts))
    run = playbook("rotate.yml", "-i", inventory, "-e", "rotation_everything=true", *AT_ONCE, "-f", "5", "-v")
    assert run.returncode == 0, run.stdout
    waits = [float(found) for found in re.findall(r"write_limit: ([\d.]+)", run.stdout)]
    assert len(waits) == 5 and any(waits), waits
