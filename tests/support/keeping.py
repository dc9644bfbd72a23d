# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup of a client, by the engine or by the playbook, and what there is afterwards."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.parsing.vault import VaultLib, VaultSecret
from by_hand import description
from managed import ManagedClient, playbook, secrets_manager, write_inventory
from playbook_runs import Run, said
from telling import assert_silent

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_archive import SecretArchive
from ansible_collections.dbops.rotation.plugins.module_utils._backup.document import Entry, dump_entry
from ansible_collections.dbops.rotation.plugins.module_utils._module.restore import RESTORE

VAULT = VaultLib([("default", VaultSecret(b"the-vault-password-of-the-tests"))])


class Place:
    """A folder with an inventory, a vault password and the backup file of a test."""

    def __init__(self, folder: Path, hosts: dict[str, dict[str, Any]]) -> None:
        self.password_file = folder / "vault-password"
        self.password_file.write_bytes(b"the-vault-password-of-the-tests")
        self.file = folder / "backups/secrets.vault"
        self.file.parent.mkdir()
        self.inventory = write_inventory(folder, hosts)

    def run(self, name: str, *arguments: str, vault: bool = True, environment: dict[str, str] | None = None) -> Run:
        secret = ("--vault-password-file", str(self.password_file)) if vault else ()
        named = ("-e", f"rotation_backup_file={self.file}", "-e", "rotation_everything=true")
        return playbook(name, "-i", str(self.inventory), *secret, *named, *arguments, environment=environment)

    def backup(self, *arguments: str, **given: Any) -> Run:
        return self.run("playbooks/backup.yml", *arguments, **given)

    def restore(self, *arguments: str, **given: Any) -> Run:
        return self.run("playbooks/restore.yml", *arguments, **given)

    def clients(self) -> dict[str, Any]:
        """What is in the file, by client."""
        found: dict[str, Any] = json.loads(VAULT.decrypt(self.file.read_bytes()))["clients"]
        return found


def succeeded(run: Run) -> Run:
    assert run.returncode == 0, said(run)
    return run


def kept(client: ManagedClient) -> str:
    """A backup of one client, as the action hands it to the engine."""
    secret, warnings = SecretArchive(secrets_manager(client.aws), client.secret_id).save()
    assert warnings == []
    return dump_entry(Entry(datetime.now(UTC), secret))


def restored(client: ManagedClient, backup: str, **options: Any) -> dict[str, Any]:
    """Restore, which has to succeed."""
    result: dict[str, Any] = client.run(RESTORE, backup=backup, diff=True, **options)
    assert not result.get("failed"), result["msg"]
    assert_silent(client, result)
    return result


def refused(client: ManagedClient, backup: str, **options: Any) -> dict[str, Any]:
    """Restore, which has to fail and to leave the secret as it was."""
    before = whole(client)
    result: dict[str, Any] = client.run(RESTORE, backup=backup, **options)
    assert result.get("failed"), result["msg"]
    assert whole(client) == before
    error: dict[str, Any] = result["error"]
    assert error["state"] == "Nothing was changed, neither the secret nor the database."
    return error


def whole(client: ManagedClient) -> dict[str, Any]:
    """The secret's labels, tags and values; empty without a secret.

    Left out are what is remembered of refused logins, and since when a secret that was made anew claims its account.
    """
    told = description(client)
    if not told:
        return {}
    labels = {version: sorted(stages) for version, stages in told["VersionIdsToStages"].items() if stages}
    tags = {tag["Key"]: tag["Value"] for tag in told.get("Tags", []) if tag["Key"] != "rotation/refused"}
    if "rotation/account" in tags:
        tags["rotation/account"] = tags["rotation/account"].partition(" ")[0]
    values = {} if "DeletedDate" in told else {stage: client.stored(stage) for stage in client.stages()}
    return {"labels": labels, "tags": tags, "values": values, "deleted": "DeletedDate" in told}
