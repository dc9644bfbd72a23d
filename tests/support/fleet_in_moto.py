# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of clients in moto, and the options of an inventory plugin as Ansible merges them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import started

REGION = "eu-central-1"
VALUE = "Hidden-Value-1234"
FRAGMENTS = {
    "dbops.rotation": "ansible_collections.dbops.rotation.plugins.doc_fragments",
    "ansible.builtin": "ansible.plugins.doc_fragments",
}


def load(text: str) -> Any:
    return DataLoader().load(text)


def documented(plugin: Any) -> dict[str, dict[str, Any]]:
    """Return the options with those of the fragments, as Ansible merges them."""
    own = load(plugin.DOCUMENTATION)
    options: dict[str, dict[str, Any]] = own["options"]
    for fragment in own["extends_documentation_fragment"]:
        collection, _dot, name = fragment.rpartition(".")
        shared = importlib.import_module(f"{FRAGMENTS[collection]}.{name}").ModuleDocFragment.DOCUMENTATION
        for option, told in load(shared)["options"].items():
            options[option] = {**told, **options.get(option, {})}
    return options


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def secrets() -> Any:
    return boto3.client("secretsmanager", region_name=REGION)


def create(name: str, last: datetime | None, *, secret: str = "clients/{}/mysql/root", **more: str | None) -> None:
    """Make the secret of a client, rotated at a moment; None was never under management."""
    made = secrets().create_secret(Name=secret.format(name), SecretString=VALUE)
    written: dict[str, str | None] = {}
    if last:
        cycle = started(last, 40)
        version = made["VersionId"]
        written = {
            **tags.rotated_tags(version=version, trigger="scheduled", server_id="s", client=name, cycle=cycle),
            tags.NOTIFIED: f"rotated={version}",
        }
    tag(made["ARN"], {**written, **more})


def tag(secret_id: str, written: Mapping[str, str | None]) -> None:
    listed = [{"Key": key, "Value": value} for key, value in written.items() if value is not None]
    secrets().tag_resource(SecretId=secret_id, Tags=listed)


def members(inventory: InventoryData, group: str) -> set[str]:
    return {host.name for host in inventory.groups[group].get_hosts()}
