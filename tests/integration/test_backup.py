# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that are lost and made anew from a backup, on both kinds of server, as an operator does it."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from by_hand import description, move, passwords, put, put_current, remove
from managed import ManagedClient, playbook, secrets_manager, write_inventory
from telling import assert_silent
from test_reconcile import change_by_hand
from test_recovery import AFTER_APPLY
from trouble import refused_logins
from world.databases import DatabaseServer

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_archive import SecretArchive
from ansible_collections.dbops.rotation.plugins.module_utils._backup import document
from ansible_collections.dbops.rotation.plugins.module_utils._module.restore import RESTORE
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.journal import RestoreJournal

VAULT_PASSWORD = b"the-vault-password-of-the-tests"
Run = subprocess.CompletedProcess[str]


class Place:
    """A folder with an inventory, a vault password and the backup file of a test."""

    def __init__(self, folder: Path, clients: list[ManagedClient]) -> None:
        self.clients = clients
        self.password_file = folder / "vault-password"
        self.password_file.write_bytes(VAULT_PASSWORD)
        self.file = folder / "backups/secrets.vault"
        self.file.parent.mkdir()
        self.inventory = write_inventory(folder, {client.name: client.variables() for client in clients})

    def run(self, name: str, *arguments: str, password_file: Path | None = None) -> Run:
        given = ("-i", str(self.inventory), "--vault-password-file", str(password_file or self.password_file))
        return playbook(name, *given, "-e", f"rotation_backup_file={self.file}", *arguments)

    def backup(self, *arguments: str) -> Run:
        return succeeded(self.run("playbooks/backup.yml", *arguments))

    def restore(self, *arguments: str) -> Run:
        return self.run("playbooks/restore.yml", "-e", "rotation_everything=true", *arguments)

    def verify(self) -> Run:
        return self.run("playbooks/verify.yml")

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(decrypted(self.file))
        return found


def decrypted(path: Path) -> str:
    return VaultLib([("default", VaultSecret(VAULT_PASSWORD))]).decrypt(path.read_bytes()).decode()


def said(run: Run) -> str:
    """All that a person saw, without line breaks."""
    return " ".join((run.stdout + run.stderr).split())


def succeeded(run: Run) -> Run:
    assert run.returncode == 0, said(run)
    return run


@pytest.fixture
def both(
    make_client: Callable[..., ManagedClient], mysql_server: DatabaseServer, mariadb_server: DatabaseServer
) -> list[ManagedClient]:
    """A rotated client on each kind of server."""
    clients = [make_client(server).create() for server in (mysql_server, mariadb_server)]
    for client in clients:
        client.rotate()
    return clients


@pytest.fixture
def rotated(client: ManagedClient) -> ManagedClient:
    client.rotate()
    return client


def kept(client: ManagedClient) -> str:
    """A backup of one client, as the action hands it to the engine."""
    archive = SecretArchive(secrets_manager(client.aws), client.secret_id)
    secret, warnings = archive.save()
    assert warnings == []
    return document.dump_entry(document.Entry(secret.versions[0].created, secret))


def restored(client: ManagedClient, backup: str, **options: Any) -> dict[str, Any]:
    result: dict[str, Any] = client.run(RESTORE, backup=backup, **options)
    assert not result.get("failed"), result["msg"]
    assert_silent(client, result)
    return result


def refused(client: ManagedClient, backup: str, **options: Any) -> dict[str, Any]:
    """Restore, which has to fail and to leave the secret as it was."""
    before = labels_and_own_tags(client)
    result: dict[str, Any] = client.run(RESTORE, backup=backup, **options)
    assert result.get("failed"), result["msg"]
    assert labels_and_own_tags(client) == before
    error: dict[str, Any] = result["error"]
    return error


def labels_and_own_tags(client: ManagedClient) -> dict[str, Any]:
    """The secret, without what is remembered of refused logins."""
    told = description(client)
    told["Tags"] = sorted((t["Key"], t["Value"]) for t in told.get("Tags", []) if t["Key"] != "rotation/refused")
    return told


def test_every_lost_secret_is_made_anew(both: list[ManagedClient], tmp_path: Path) -> None:
    place = Place(tmp_path, both)
    run = place.backup()
    assert f"2 secrets were written to {place.file}" in said(run)
    assert place.file.stat().st_mode & 0o777 == 0o600
    before = [(labels_and_own_tags(client), client.stored(), client.stored("AWSPREVIOUS")) for client in both]
    for client in both:
        remove(client)
    assert place.verify().returncode == 2
    planned = place.restore("--check", "--diff")
    assert planned.returncode == 0 and "would be created" in said(planned)
    assert [description(client) for client in both] == [{}, {}]
    run = succeeded(place.restore())
    assert "WARNING" not in said(run)
    assert [(labels_and_own_tags(client), client.stored(), client.stored("AWSPREVIOUS")) for client in both] == before
    run = succeeded(place.verify())
    assert run.stdout.count("all is well") == 2
    for client in both:
        assert client.rotate()["rotated"]
        assert client.opens(client.stored()["password"])
