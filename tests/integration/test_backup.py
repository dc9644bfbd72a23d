# SPDX-License-Identifier: GPL-3.0-or-later
"""The drill: secrets of both kinds of server are backed up, lost and made anew, as an operator does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from by_hand import passwords, remove
from keeping import Place, succeeded, whole
from leaks import SPY, files, leaks, requests_without_values
from managed import MakeClient, ManagedClient, secrets_manager
from playbook_runs import BASTION, PLUGINS, said
from world.aws import AwsEmulator
from world.databases import DatabaseServer

pytestmark = pytest.mark.slow


@pytest.fixture
def both(make_client: MakeClient, mysql_server: DatabaseServer, mariadb_server: DatabaseServer) -> list[ManagedClient]:
    """A rotated client on each kind of server; the second one's secret has a name of its own."""
    clients = [make_client(server).create() for server in (mysql_server, mariadb_server)]
    for client in clients:
        client.rotate()
    return clients


@pytest.fixture
def place(both: list[ManagedClient], tmp_path: Path) -> Place:
    return Place(tmp_path, {client.name: client.variables() for client in both})


def test_every_lost_secret_is_made_anew(both: list[ManagedClient], place: Place) -> None:
    assert f"backed up 2 clients to {place.file}" in said(succeeded(place.backup()))
    assert place.file.stat().st_mode & 0o777 == 0o600
    before = [whole(client) for client in both]
    for client in both:
        remove(client)
    planned = succeeded(place.restore("--check", "--diff"))
    assert said(planned).count("would be created with it, from the backup of") == 2
    assert all(version in planned.stdout for state in before for version in state["labels"])
    assert [whole(client) for client in both] == [{}, {}]
    run = succeeded(place.restore())
    assert "WARNING" not in said(run)
    assert [whole(client) for client in both] == before
    assert succeeded(place.run("playbooks/verify.yml")).stdout.count("all is well") == 2
    for client in both:
        assert client.rotate()["rotated"]
        assert client.opens(client.stored()["password"])


def test_each_client_is_read_with_its_own_variables(both: list[ManagedClient], tmp_path: Path) -> None:
    first, second = both
    hosts = {
        "client_acme": first.variables(rotation_secret_id=first.secret_id),
        second.name: second.variables(rotation_client="client_globex"),
    }
    place = Place(tmp_path, hosts)
    succeeded(place.backup())
    saved = place.clients()
    assert {client: entry["name"] for client, entry in saved.items()} == {
        "client_acme": first.secret_id,
        "client_globex": second.secret_id,
    }


def test_check_mode_says_what_would_be_written_and_writes_nothing(both: list[ManagedClient], place: Place) -> None:
    run = succeeded(place.backup("--check", "--diff"))
    assert f"would back up 2 clients to {place.file}" in said(run)
    assert both[0].stages()["AWSCURRENT"] in run.stdout
    assert list(place.file.parent.iterdir()) == []


def test_a_client_that_cannot_be_read_fails_alone_and_stays_in_the_backup_as_it_was(
    both: list[ManagedClient], place: Place
) -> None:
    lost, other = both
    succeeded(place.backup())
    before = place.clients()
    remove(lost)
    other.rotate()
    run = place.backup()
    assert run.returncode == 2
    assert f"{lost.name}: stopped at step 'read': Could not describe the secret" in said(run)
    assert "backed up 1 client to" in said(run) and f"kept as they were in it: {lost.name}" in said(run)
    assert f"{other.name} : ok=" in said(run) and "failed=1" in said(run)
    after = place.clients()
    assert after[lost.name] == before[lost.name]
    assert after[other.name]["versions"] != before[other.name]["versions"]


def test_a_run_without_a_vault_secret_is_refused(place: Place) -> None:
    run = place.backup(vault=False)
    assert run.returncode == 2 and "This run has no vault secret to encrypt the backup with." in said(run)
    assert list(place.file.parent.iterdir()) == []


def test_a_file_that_was_cut_is_neither_used_nor_replaced(both: list[ManagedClient], place: Place) -> None:
    client = both[0]
    succeeded(place.backup("-l", client.name))
    place.file.write_bytes(place.file.read_bytes()[:400])
    found = place.file.read_bytes()
    remove(client)
    for run in (place.restore("-l", client.name), place.backup("-l", both[1].name)):
        assert run.returncode == 2 and "cannot be decrypted: no vault secret of this run is the one" in said(run)
    assert whole(client) == {} and place.file.read_bytes() == found


@pytest.mark.parametrize("jump_host", [None, "bastion"], ids=["in the controller", "shipped"])
def test_no_value_is_printed_sent_in_a_file_or_left_behind(
    both: list[ManagedClient], recording: AwsEmulator, tmp_path: Path, jump_host: str | None
) -> None:
    hosts: dict[str, Any] = {client.name: client.variables(rotation_jump_host=jump_host) for client in both}
    place = Place(tmp_path, {**hosts, **({"bastion": BASTION} if jump_host else {})})
    environment = {
        "ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log"),
        **PLUGINS,
        "ELSEWHERE_KEEP": str(tmp_path),
        "ANSIBLE_CALLBACK_PLUGINS": SPY,
        "ANSIBLE_CALLBACKS_ENABLED": "spy,dbops.rotation.rotation_audit",
        "ROTATION_AUDIT_SPOOL": str(tmp_path / "audit"),
        "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
        "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote"),
        "TMPDIR": str(tmp_path),
    }
    limit = ("-l", f"{both[0].name},{both[1].name}")
    loud = ("-vvvv", "--diff", *limit)
    runs = [succeeded(place.backup(*loud, environment=environment))]
    known = set.union(*(passwords(client) for client in both))
    for client in both:
        remove(client)
    runs.append(succeeded(place.restore(*loud, "--check", environment=environment)))
    runs.append(succeeded(place.restore(*loud, environment=environment)))
    place.file.write_bytes(place.file.read_bytes()[:400])
    runs.append(place.restore(*loud, environment=environment))
    assert runs[-1].returncode == 2 and len(known) == 4
    assert "SPY dbops.rotation.secretsmanager_mysql_restore" in runs[-2].stdout + runs[-2].stderr
    assert (f"changed: [{both[0].name} -> bastion]" in runs[-2].stdout) is bool(jump_host)
    (tmp_path / "printed").write_text("\n".join(run.stdout + run.stderr for run in runs))
    (tmp_path / "requests").write_text("\n".join(requests_without_values(recording)))
    searched = list(files(tmp_path))
    assert {"printed", "requests", "ansible.log", "secrets.vault"} <= {path.name for path in searched}
    assert leaks(searched, known) == set()


def test_a_backup_is_made_on_the_controller_only(both: list[ManagedClient], tmp_path: Path) -> None:
    play = tmp_path / "elsewhere.yml"
    play.write_text(ELSEWHERE)
    place = Place(tmp_path, {both[0].name: {**both[0].variables(), **BASTION}})
    run = place.run(str(play), environment=PLUGINS)
    assert run.returncode == 2 and "A backup is made on the controller" in said(run)


def test_two_hosts_of_one_client_name_are_refused(both: list[ManagedClient], tmp_path: Path) -> None:
    hosts = {client.name: client.variables(rotation_client="client_acme") for client in both}
    place = Place(tmp_path, hosts)
    run = place.backup()
    assert run.returncode == 2 and "Several hosts have the client name client_acme" in said(run)
    assert not place.file.exists()


def test_a_client_that_is_not_in_the_backup_is_named(both: list[ManagedClient], place: Place) -> None:
    first, second = both
    succeeded(place.backup("-l", first.name))
    run = place.restore("-l", second.name)
    assert run.returncode == 2 and "The backup holds no client of this name" in said(run)
    assert secrets_manager(second.aws).describe_secret(SecretId=second.secret_id)


ELSEWHERE = """
- hosts: all
  gather_facts: false
  tasks:
    - dbops.rotation.secretsmanager_mysql_backup:
        secret_id: "clients/{{ inventory_hostname }}/mysql/root"
        path: "{{ rotation_backup_file }}"
"""
