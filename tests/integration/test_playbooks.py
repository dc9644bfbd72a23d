# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks, run as a user runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from managed import AT_ONCE, MakeClient, ManagedClient, playbook, write_inventory
from playbook_runs import ASYNC_PLAY, PLUGINS, bastion_inventory, said, single
from topic import Mailbox
from world.databases import DatabaseServer


def test_rotating_one_client_by_its_name(client: ManagedClient, tmp_path: Path) -> None:
    run = playbook("rotate.yml", "-i", single(tmp_path, client), "-l", client.name)
    assert run.returncode == 0, said(run)
    assert f"{client.name}: rotated (2 account rows of" in said(run)
    assert "WARNING" not in said(run)
    assert client.opens(client.stored()["password"])
    assert not client.opens(client.password)


@pytest.mark.parametrize("limit", [[], ["-l", "all"], ["-l", "*"]])
def test_no_limit_is_refused_before_anything_changes(
    mysql_client: ManagedClient, tmp_path: Path, limit: list[str]
) -> None:
    hosts = {mysql_client.name: mysql_client.variables(), "client_other": {}}
    run = playbook("rotate.yml", "-i", str(write_inventory(tmp_path, hosts)), *limit)
    assert run.returncode == 2
    assert "Name the clients with --limit (-l client_acme), or say -e rotation_everything=true" in said(run)
    assert mysql_client.stored()["password"] == mysql_client.password


def test_everything_has_to_be_said(make_client: MakeClient, mysql_server: DatabaseServer, tmp_path: Path) -> None:
    clients = [make_client(mysql_server).create() for _number in range(2)]
    inventory = str(write_inventory(tmp_path, {client.name: client.variables() for client in clients}))
    run = playbook("rotate.yml", "-i", inventory, "-e", "rotation_everything=true")
    assert run.returncode == 0, said(run)
    assert [client.name for client in clients if client.stored()["password"] == client.password] == []


def test_the_only_client_needs_no_limit(mysql_client: ManagedClient, tmp_path: Path) -> None:
    run = playbook("rotate.yml", "-i", single(tmp_path, mysql_client))
    assert run.returncode == 0, said(run)
    assert mysql_client.stored()["password"] != mysql_client.password


def test_a_name_that_does_not_exist_stops_the_run(mysql_client: ManagedClient, tmp_path: Path) -> None:
    limit = f"{mysql_client.name},client_typo"
    run = playbook("rotate.yml", "-i", single(tmp_path, mysql_client), "-l", limit)
    assert run.returncode == 2
    assert "The limit names client_typo, but the inventory has no such client or group." in said(run)
    assert mysql_client.stored()["password"] == mysql_client.password


def test_a_failing_client_does_not_stop_the_others_of_its_wave(
    make_client: MakeClient, mysql_server: DatabaseServer, tmp_path: Path
) -> None:
    good = make_client(mysql_server).create()
    bad = make_client(mysql_server)
    hosts = {client.name: client.variables() for client in (bad, good)}
    everything = ("-e", "rotation_everything=true", "-f", "1")
    run = playbook("rotate.yml", "-i", str(write_inventory(tmp_path, hosts)), *everything, *AT_ONCE)
    assert run.returncode == 2
    assert f"{bad.name}: stopped at step 'read'" in said(run)
    assert good.opens(good.stored()["password"]) and good.stored()["password"] != good.password


def test_check_mode_says_what_and_why_and_changes_nothing(client: ManagedClient, tmp_path: Path) -> None:
    before = client.stages()
    run = playbook("rotate.yml", "-i", single(tmp_path, client), "-l", client.name, "--check", "--diff")
    assert run.returncode == 0, said(run)
    assert f"{client.name}: would rotate (2 account rows of" in said(run)
    assert "): A new password was asked for." in said(run)
    assert f"AWSCURRENT: {before['AWSCURRENT']}" in said(run)
    assert client.stages() == before
    assert client.opens(client.password)


def test_diff_mode_shows_versions_stages_and_dates(client: ManagedClient, tmp_path: Path) -> None:
    run = playbook("rotate.yml", "-i", single(tmp_path, client), "-l", client.name, "--diff")
    assert run.returncode == 0, said(run)
    diffed = [line[1:].strip() for line in run.stdout.splitlines() if line.startswith(("+", "-"))]
    assert f"AWSCURRENT: {client.stages()['AWSCURRENT']}" in diffed
    keys = {line.split(":")[0] for line in diffed if ":" in line}
    assert keys <= {"AWSCURRENT", "AWSPENDING", "rotation/last", "rotation/due"}


def test_a_jump_host_runs_the_shipped_modules(mysql_client: ManagedClient, tmp_path: Path, mailbox: Mailbox) -> None:
    inventory = bastion_inventory(tmp_path, mysql_client, rotation_topic_arn=mailbox.topic)
    run = playbook("rotate.yml", "-i", inventory, "-l", mysql_client.name, environment=PLUGINS)
    assert run.returncode == 0, said(run)
    assert run.stdout.count(f"changed: [{mysql_client.name} -> bastion]") == 2  # the rotation and its notice
    assert [notice["event"] for notice in mailbox.read()] == ["rotated"]
    assert "WARNING" not in said(run)
    assert mysql_client.opens(mysql_client.stored()["password"])
    assert mysql_client.stored()["password"] != mysql_client.password


def test_a_jump_host_without_a_connection_of_its_own_is_refused(mysql_client: ManagedClient, tmp_path: Path) -> None:
    hosts = {mysql_client.name: mysql_client.variables(rotation_jump_host="bastion"), "bastion": {}}
    run = playbook("rotate.yml", "-i", str(write_inventory(tmp_path, hosts)), "-l", mysql_client.name)
    assert run.returncode == 2
    assert "The jump host 'bastion' would be reached by the connection 'local'" in said(run)
    assert mysql_client.stored()["password"] == mysql_client.password


def test_an_asynchronous_task_ships_the_module(mysql_client: ManagedClient, tmp_path: Path) -> None:
    play = tmp_path / "async.yml"
    play.write_text(ASYNC_PLAY)
    inventory = single(tmp_path, mysql_client, ansible_python_interpreter="{{ ansible_playbook_python }}")
    run = playbook(str(play), "-i", inventory, environment={"ANSIBLE_ASYNC_DIR": str(tmp_path)})
    assert run.returncode == 0, said(run)
    assert mysql_client.opens(mysql_client.stored()["password"])
    assert mysql_client.stored()["password"] != mysql_client.password


def test_a_shipped_module_never_lies_in_a_file_with_a_secret(mysql_client: ManagedClient, tmp_path: Path) -> None:
    run = playbook(
        "rotate.yml",
        *("-i", bastion_inventory(tmp_path, mysql_client), "-l", mysql_client.name),
        environment={**PLUGINS, "ANSIBLE_KEEP_REMOTE_FILES": "1"},
    )
    assert run.returncode == 2
    assert "The option secret_key would be written to a file on the host that runs the task" in said(run)
    assert mysql_client.stored()["password"] == mysql_client.password
