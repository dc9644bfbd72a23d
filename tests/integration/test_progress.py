# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees of a run over several clients, with the callback enabled as a user enables it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cycle import is_due
from managed import AT_ONCE, ManagedClient, playbook, write_inventory
from playbook_runs import ASYNC_PLAY, PLUGINS, Run, bastion_inventory, said, single

ENABLED = {"ANSIBLE_CALLBACKS_ENABLED": "dbops.rotation.rotation_progress", "ANSIBLE_DEPRECATION_WARNINGS": "1"}
EVERY_CLIENT = {"ROTATION_PROGRESS_EVERY_CLIENTS": "1"}
LARGE = {**EVERY_CLIENT, "ROTATION_PROGRESS_MESSAGES_UP_TO": "1"}


def rotate(
    clients: list[ManagedClient], folder: Path, *arguments: str, environment: dict[str, str] | None = None, **more: Any
) -> Run:
    """Rotate these clients, and count them."""
    inventory = write_inventory(folder, {client.name: client.variables(**more) for client in clients})
    given = ("-i", str(inventory), "-e", "rotation_everything=true", *AT_ONCE, *arguments)
    return playbook("rotate.yml", *given, environment={**ENABLED, **(environment or {})})


def table(run: Run) -> list[str]:
    """The lines of the table, without their columns."""
    _before, _banner, after = run.stdout.partition("ROTATION SUMMARY")
    return [" ".join(line.split()) for line in after.splitlines()[1:]]


def lines(run: Run) -> list[str]:
    return [line for line in run.stdout.splitlines() if line.startswith("Rotation progress:")]


def test_a_small_run_prints_messages_and_a_table(clients: list[ManagedClient], tmp_path: Path) -> None:
    run = rotate(clients, tmp_path, environment=EVERY_CLIENT)
    assert run.returncode == 0, said(run)
    assert "WARN" not in said(run) and "\r" not in run.stdout and not lines(run)
    for client in clients:
        (told,) = [line for line in run.stdout.splitlines() if line.startswith(f"{client.name}: ")]
        assert told.startswith(f"{client.name}: rotated (2 account rows of MySQL") and told.endswith("0 refused")
    assert table(run)[:2] == ["clients 3", "rotated 3"]
    assert table(run)[2].startswith("slowest ") and table(run)[2].count(" s") >= 3
    assert table(run)[3].startswith("Secrets Manager calls ") and "put_secret_value 3, " in table(run)[3]


def test_a_larger_run_prints_lines_of_progress_instead(clients: list[ManagedClient], tmp_path: Path) -> None:
    run = rotate(clients, tmp_path, "-f", "1", environment=LARGE)
    assert [line.split(";")[0] for line in lines(run)] == [
        "Rotation progress: 1 done, 0 failed, 2 left of 3 clients",
        "Rotation progress: 2 done, 0 failed, 1 left of 3 clients",
    ]
    assert all(" a minute, about " in line for line in lines(run))
    assert not [line for line in run.stdout.splitlines() if line.startswith(f"{clients[0].name}: rotated")]


def test_a_rescued_failure_is_told_by_cause_with_what_to_do_next(clients: list[ManagedClient], tmp_path: Path) -> None:
    bad = clients[1]
    bad.sql(f"DROP USER `{bad.user}`@`localhost`, `{bad.user}`@`%`")
    run = rotate(clients, tmp_path)
    assert run.returncode == 2
    assert table(run)[:4] == ["clients 3", "rotated 2", "failed 1", f"login_refused 1 {bad.name}"]
    advice = table(run)[4]
    assert f"{bad.name}: " in advice and "playbooks/reconcile.yml -i " in advice and f" -l {bad.name}" in advice
    assert not [line for line in run.stdout.splitlines() if line.startswith(f"{bad.name}: stopped")]


def test_check_mode_says_what_would_be_done(clients: list[ManagedClient], tmp_path: Path) -> None:
    run = rotate(clients, tmp_path, "--check")
    assert run.returncode == 0, said(run)
    assert table(run)[:2] == ["clients 3", "would rotate 3"]
    assert f"{clients[0].name}: would rotate (2 account rows of" in run.stdout
    assert clients[0].stored()["password"] == clients[0].password


def test_a_verbose_run_shows_no_message_twice(clients: list[ManagedClient], tmp_path: Path) -> None:
    run = rotate(clients, tmp_path, "-v")
    assert table(run)[:2] == ["clients 3", "rotated 3"]
    assert not [line for line in run.stdout.splitlines() if line.startswith(f"{clients[0].name}: rotated")]


def test_another_form_of_results_gives_the_same_table(clients: list[ManagedClient], tmp_path: Path) -> None:
    run = rotate(clients, tmp_path, environment={"ANSIBLE_CALLBACK_RESULT_FORMAT": "json"})
    assert table(run)[:2] == ["clients 3", "rotated 3"], said(run)


def test_a_jump_host_does_the_work_and_the_client_gets_the_credit(mysql_client: ManagedClient, tmp_path: Path) -> None:
    inventory = bastion_inventory(tmp_path, mysql_client)
    run = playbook("rotate.yml", "-i", inventory, "-l", mysql_client.name, environment={**ENABLED, **PLUGINS})
    assert table(run)[:2] == ["clients 1", "rotated 1"], said(run)
    assert table(run)[2].startswith(f"slowest {mysql_client.name} ")


def test_an_asynchronous_task_is_counted_when_it_has_ended(mysql_client: ManagedClient, tmp_path: Path) -> None:
    (tmp_path / "async.yml").write_text(ASYNC_PLAY)
    inventory = single(tmp_path, mysql_client, ansible_python_interpreter="{{ ansible_playbook_python }}")
    environment = {**ENABLED, "ANSIBLE_ASYNC_DIR": str(tmp_path)}
    run = playbook(str(tmp_path / "async.yml"), "-i", inventory, environment=environment)
    assert table(run)[:2] == ["clients 1", "rotated 1"], said(run)


def test_a_second_run_says_why_it_left_them_alone(clients: list[ManagedClient], tmp_path: Path) -> None:
    assert rotate(clients, tmp_path).returncode == 0
    assert table(rotate(clients, tmp_path))[:3] == ["clients 3", "left alone 3", "rotated lately 3"]


def test_all_clients_of_all_waves_are_in_the_total_and_who_was_not_reached_is_named(
    clients: list[ManagedClient], tmp_path: Path
) -> None:
    """The first wave fails, so that Ansible stops before the others."""
    first = clients[0]
    first.sql(f"DROP USER `{first.user}`@`localhost`, `{first.user}`@`%`")
    play = {
        "hosts": "all",
        "serial": 1,
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {"group/dbops.rotation.all": "{{ rotation_connection }}"},
        "tasks": [{"ansible.builtin.import_role": {"name": "dbops.rotation.rotation", "tasks_from": "rotate"}}],
    }
    (tmp_path / "waves.yml").write_text(json.dumps([play]))
    inventory = write_inventory(tmp_path, {client.name: client.variables() for client in clients})
    given = ("-i", str(inventory), "-e", "rotation_everything=true")
    run = playbook(str(tmp_path / "waves.yml"), *given, environment=ENABLED)
    assert run.returncode == 2
    assert table(run)[:3] == ["clients 3", "failed 1", f"login_refused 1 {first.name}"], said(run)
    assert f"not reached 2 {clients[1].name}, {clients[2].name}" in table(run)


def test_a_hook_that_fails_is_a_failed_client_and_one_that_works_a_rotated_one(
    clients: list[ManagedClient], tmp_path: Path
) -> None:
    hook = tmp_path / "hook.yml"
    hook.write_text(f"- ansible.builtin.assert: {{that: inventory_hostname != '{clients[0].name}', quiet: true}}\n")
    run = rotate(clients, tmp_path, rotation_hooks=[str(hook)])
    assert run.returncode == 2
    assert table(run)[:4] == ["clients 3", "rotated 2", "failed 1", f"hook_failed 1 {clients[0].name}"]


def test_a_schedule_tells_who_is_not_due_and_who_is_paused(clients: list[ManagedClient], tmp_path: Path) -> None:
    for client in clients:
        client.rotate()
    due, _idle, paused = clients
    is_due(due)
    is_due(paused)
    hosts = {client.name: client.variables() for client in clients}
    hosts[paused.name]["rotation_paused"] = {"until": "2099-01-01T00:00:00Z", "reason": "migration"}
    inventory = str(write_inventory(tmp_path, hosts))
    run = playbook("playbooks/rotate_due.yml", "-i", inventory, environment=ENABLED)
    assert run.returncode == 0, said(run)
    assert table(run)[:5] == ["clients 3", "rotated 1", "left alone 2", "not due 1", "paused 1"]


def test_a_run_that_touches_no_client_has_no_table(clients: list[ManagedClient], tmp_path: Path) -> None:
    inventory = str(write_inventory(tmp_path, {client.name: client.variables() for client in clients}))
    run = playbook("playbooks/status.yml", "-i", inventory, environment=ENABLED)
    assert "ROTATION SUMMARY" not in run.stdout
