# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit trail of whole playbooks: spooled, shipped to a log group, and read back as a client's history."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from audited import Audited
from by_hand import passwords
from drift import change_by_hand
from keeping import Place
from managed import ANSIBLE_PLAYBOOK, AT_ONCE, ROOT, MakeClient, ManagedClient, playbook, write_inventory
from playbook_runs import BASTION, PLUGINS, said
from world.aws import NOWHERE, AwsEmulator
from world.databases import DatabaseServer

pytestmark = pytest.mark.slow

CURRENT = "the password of this moment, in a text that people write"
INCOMPLETE = "The audit trail is incomplete:"


@pytest.fixture
def audited(aws: AwsEmulator, tmp_path: Path, unique_name: str) -> Audited:
    audited = Audited(aws, tmp_path, f"/dbops/{unique_name}")
    audited.logs.create_log_group(logGroupName=audited.group)
    return audited


@pytest.fixture
def client(mysql_client: ManagedClient) -> ManagedClient:
    """One kind of server: the trail does not know which it is."""
    return mysql_client


@pytest.fixture
def deaf() -> Iterator[str]:
    """An endpoint that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def kinds(events: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter((event["kind"], event["outcome"]) for event in events)


def test_a_run_with_every_outcome_is_in_the_log_group_and_in_the_history(
    audited: Audited, make_client: MakeClient, mysql_server: DatabaseServer
) -> None:
    good, left, lost = (make_client(mysql_server).create() for _number in range(3))
    gone = make_client(mysql_server)
    old = good.stages()["AWSCURRENT"]
    left.rotate()
    change_by_hand(lost)
    clients = [good, left, lost, gone]
    run = audited.run("rotate.yml", clients, "-e", "rotation_reason=CHG-1042 rotation_requested_by=alice")
    assert run.returncode == 2 and INCOMPLETE not in said(run), said(run)

    events = {event.get("client", "run"): event for event in audited.shipped()}
    assert len(events) == len(audited.shipped()) == 5
    rotated = events[good.name]
    expected = {
        "schema_version": 1,
        "kind": "rotation",
        "outcome": "succeeded",
        "trigger": "on_demand",
        "reason": "CHG-1042",
        "requested_by": "alice",
        "version_id": good.stages()["AWSCURRENT"],
        "previous_version_id": old,
        "rotated": True,
        "check": False,
        "playbook": "rotate",
        "controller": socket.gethostname(),
    }
    assert {name: rotated[name] for name in expected} == expected
    assert rotated["rows"] == [{"row": f"{good.user}@{host}", "state": "changed"} for host in ("%", "localhost")]
    assert [step["name"] for step in rotated["steps"]][-3:] == ["discard", "confirm", "record"]
    told = {name: (event["outcome"], event.get("error", {}).get("code")) for name, event in events.items()}
    assert told == {
        good.name: ("succeeded", None),
        left.name: ("left_alone", None),
        lost.name: ("failed", "login_refused"),
        gone.name: ("failed", "secret_not_found"),
        "run": ("failed", None),
    }
    assert events[lost.name]["locked_out"] and events[lost.name]["requested_by"] == "alice"
    assert events[lost.name]["reason"] == "CHG-1042" and "reason" not in events[gone.name], "no secret, no comparison"
    counts = {name: number for name, number in events["run"]["counts"].items() if number}
    assert counts == {
        "clients": 4,
        "succeeded": 1,
        "rotated": 1,
        "left_alone": 1,
        "failed": 2,
        "locked_out": 1,
    }
    (stream,) = audited.logs.describe_log_streams(logGroupName=audited.group)["logStreams"]
    assert stream["logStreamName"] == f"{rotated['time'][:10]}/{rotated['controller']}/{rotated['run_id']}"

    assert audited.history(good) == [rotated]
    table = said(audited.run("playbooks/history.yml", [lost]))
    assert "rotation failed on_demand alice open: login_refused: The server refused the stored password" in table


def test_what_was_not_shipped_in_three_runs_is_in_the_history_once(audited: Audited, client: ManagedClient) -> None:
    for _run in range(3):
        run = audited.run("rotate.yml", [client], "-e", "rotation_force=true", ROTATION_AUDIT_ENDPOINT_URL=NOWHERE)
        assert run.returncode == 0, said(run)
        assert said(run).count(INCOMPLETE) == 1 and "the next run ships the rest" in said(run)
    assert audited.shipped() == [] and len(list(audited.spool.glob("*.jsonl"))) == 3
    run = audited.run("rotate.yml", [client], "-e", "rotation_force=true")
    assert run.returncode == 0 and "WARNING" not in said(run), said(run)
    assert kinds(audited.shipped()) == {("rotation", "succeeded"): 4, ("run", "succeeded"): 4}
    assert len(list(audited.spool.glob("*.shipped"))) == 4 and not list(audited.spool.glob("*.jsonl"))
    past = audited.history(client, "-e", "rotation_history_source=logs")
    assert len({event["version_id"] for event in past}) == len(past) == 4
    assert [event["time"] for event in past] == sorted(event["time"] for event in past)
    assert past[-1]["version_id"] == client.stages()["AWSCURRENT"]
    assert past == audited.history(client) == audited.history(client, "-e", "rotation_history_source=spool")


def test_a_controller_that_is_killed_while_it_ships_loses_nothing(
    audited: Audited, client: ManagedClient, deaf: str
) -> None:
    command = [ANSIBLE_PLAYBOOK, "rotate.yml", *audited.arguments([client])]
    environment = {**os.environ, **audited.environment(ROTATION_AUDIT_ENDPOINT_URL=deaf)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as controller:
        deadline = time.monotonic() + 60
        while len(audited.spooled()) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        controller.send_signal(signal.SIGKILL)
    assert kinds(audited.spooled()) == {("rotation", "succeeded"): 1, ("run", "succeeded"): 1}
    assert audited.run("playbooks/verify.yml", [client]).returncode == 0
    assert [event["kind"] for event in audited.history(client)] == ["rotation", "verification"]
    assert kinds(audited.shipped()) == {
        ("rotation", "succeeded"): 1,
        ("verification", "succeeded"): 1,
        ("run", "succeeded"): 2,
    }


def test_a_failure_is_in_the_log_group_while_the_run_is_still_going(
    audited: Audited, make_client: MakeClient, mysql_server: DatabaseServer
) -> None:
    slow, gone = make_client(mysql_server).create(), make_client(mysql_server)
    go_on, hook = audited.folder / "go_on", audited.folder / "hook.yml"
    hook.write_text(f"- ansible.builtin.wait_for:\n    path: {go_on}\n    timeout: 120\n    sleep: 1\n")
    hooks = json.dumps({"rotation_hooks": [str(hook)]})
    command = [ANSIBLE_PLAYBOOK, "rotate.yml", *audited.arguments([slow, gone]), *AT_ONCE, "-e", hooks]
    environment = {**os.environ, **audited.environment()}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as run:
        deadline = time.monotonic() + 100
        while not audited.shipped() and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        found, going = audited.shipped(), run.poll() is None
        go_on.touch()
        printed = run.communicate(timeout=100)[0]
    assert going and ("rotation", "failed") in kinds(found), printed
    failed = {event["client"]: event["error"]["code"] for event in found if event["outcome"] == "failed"}
    assert failed[gone.name] == "secret_not_found" and "run" not in {event["kind"] for event in found}
    assert len({event["id"] for event in audited.shipped()}) == len(audited.shipped())


def test_every_failure_that_was_asked_for_with_a_reason_has_it(audited: Audited, client: ManagedClient) -> None:
    place = Place(audited.folder, {client.name: client.variables()})
    wrong = "rotation_reconcile_password=none-of-the-passwords-there-are"
    assert place.backup().returncode == 0
    change_by_hand(client)
    for name, *more in (
        ("rotate.yml",),
        ("playbooks/rollback.yml",),
        ("playbooks/reconcile.yml", "-e", wrong),
        ("playbooks/restore.yml",),
    ):
        asked = ("-l", client.name, "-e", "rotation_reason=CHG-1042", *more)
        assert place.run(name, *asked, environment=audited.environment()).returncode == 2
    failed = {event["kind"]: event for event in audited.spooled() if event["outcome"] in ("failed", "refused")}
    kinds = ("rotation", "rollback", "reconciliation", "restore")
    assert {kind: failed[kind].get("reason") for kind in kinds} == dict.fromkeys(kinds, "CHG-1042"), failed


def test_check_mode_leaves_nothing(audited: Audited, client: ManagedClient) -> None:
    assert audited.run("rotate.yml", [client], "--check").returncode == 0
    assert audited.spooled() == audited.shipped() == []
    assert audited.run("rotate.yml", [client], "--check", ROTATION_AUDIT_CHECK_MODE="true").returncode == 0
    assert [event["check"] for event in audited.shipped()] == [True, True]


def test_without_a_disk_events_are_shipped_and_without_both_they_are_shown(
    audited: Audited, client: ManagedClient
) -> None:
    audited.spool.write_text("a file, where the folder should be")
    run = audited.run("rotate.yml", [client], "-e", "rotation_force=true")
    assert run.returncode == 0 and said(run).count(INCOMPLETE) == 1, said(run)
    assert "could not be written to the spool" in said(run) and "lines of JSON" not in said(run)
    assert kinds(audited.shipped()) == {("rotation", "succeeded"): 1, ("run", "succeeded"): 1}
    run = audited.run("rotate.yml", [client], "-e", "rotation_force=true", ROTATION_AUDIT_LOG_GROUP="/dbops/none")
    assert run.returncode == 0 and said(run).count(INCOMPLETE) == 1, said(run)
    assert "there is no such log group" in said(run) and "playbooks/provision.yml" in said(run)
    shown = [json.loads(line) for line in run.stdout.splitlines() if line.startswith('{"id"')]
    assert [event.get("version_id") for event in shown] == [client.stages()["AWSCURRENT"], None]


def test_onboarding_rolling_back_and_telling_leave_events_too(
    audited: Audited, make_client: MakeClient, mysql_server: DatabaseServer
) -> None:
    client = make_client(mysql_server).create_account()
    topic = audited.aws.client("sns").create_topic(Name=client.user)["TopicArn"]
    hook = audited.folder / "hook.yml"
    hook.write_text("- ansible.builtin.fail:\n    msg: the program does not answer\n")
    arguments = audited.arguments([client], rotation_onboard_password=client.password, rotation_topic_arn=topic)
    for name, status, *more in (
        ("playbooks/onboard.yml", 0),
        ("rotate.yml", 0),
        ("playbooks/rollback.yml", 0, "-e", "rotation_force=true"),
        ("rotate.yml", 2, "-e", json.dumps({"rotation_hooks": [str(hook)], "rotation_force": True})),
    ):
        run = playbook(name, *arguments, *more, environment=audited.environment())
        assert run.returncode == status, said(run)
    hook.write_text("- ansible.builtin.debug:\n    msg: told\n")
    hooks = json.dumps({"rotation_hooks": [str(hook)]})
    run = playbook("rotate.yml", *arguments, "-e", hooks, environment=audited.environment())
    assert run.returncode == 0, said(run)
    past = audited.history(client)
    told = [(event["kind"], event["outcome"]) for event in past]
    assert told == [
        ("onboarding", "succeeded"),
        ("rotation", "succeeded"),
        ("notice", "succeeded"),
        ("rollback", "succeeded"),
        ("notice", "succeeded"),
        ("rotation", "succeeded"),
        ("hooks", "failed"),
        ("notice", "succeeded"),
        ("rotation", "succeeded"),
        ("rotation", "succeeded"),
        ("notice", "succeeded"),
    ]
    assert [event["rotated"] for event in past if event["kind"] in ("rotation", "rollback")].count(True) == 3


@pytest.mark.parametrize(("server", "jump"), [("mysql", None), ("mariadb", "bastion")], indirect=["server"])
def test_no_password_and_no_hash_is_in_spool_or_log_group(
    audited: Audited, make_client: MakeClient, server: DatabaseServer, jump: str | None
) -> None:
    client = make_client(server).create_account()
    variables = client.variables(rotation_onboard_password=client.password, rotation_jump_host=jump)
    inventory = str(write_inventory(audited.folder, {client.name: variables, "bastion": BASTION}))
    printed = ""
    for name, given in (
        ("playbooks/onboard.yml", {"rotation_onboard_rotate": True}),
        ("rotate.yml", {"rotation_reason": "leak-test", "rotation_force": True}),
        ("rotate.yml", {"rotation_reason": CURRENT, "rotation_force": True}),
        ("playbooks/verify.yml", {}),
    ):
        if given.get("rotation_reason") == CURRENT:
            given["rotation_reason"] = client.stored()["password"]
        shown = audited.environment(ROTATION_AUDIT_STDOUT="true", **PLUGINS)
        run = playbook(name, "-i", inventory, "-l", client.name, "-e", json.dumps(given), environment=shown)
        printed += "".join(line for line in run.stdout.splitlines(True) if line.startswith('{"id"'))
    stored = "\n".join([*(path.read_text() for path in audited.spool.iterdir()), json.dumps(audited.shipped())])
    assert len(audited.shipped()) == len(printed.splitlines()) >= 8
    words = passwords(client) | hashes(client)
    assert len(passwords(client)) >= 3 and hashes(client)
    assert [word[:4] for word in words if word in stored + printed] == []
    modes = {stat.S_IMODE(path.stat().st_mode) for path in audited.spool.iterdir()}
    assert modes == {0o600} and stat.S_IMODE(audited.spool.stat().st_mode) == 0o700


def hashes(client: ManagedClient) -> set[str]:
    """What the server stores of the account's passwords, as it shows it."""
    if client.server.flavor == "mysql":
        rows = client.sql("SELECT HEX(authentication_string) FROM mysql.user WHERE User = %s", client.user)
    else:
        rows = client.sql("SELECT authentication_string FROM mysql.user WHERE User = %s", client.user)
    return {str(row[0]) for row in rows}
