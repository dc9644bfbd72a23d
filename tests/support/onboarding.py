# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing an account under management, by the playbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from managed import ManagedClient, playbook, write_inventory
from playbook_runs import Run


def onboard(folder: Path, client: ManagedClient, *arguments: str, **variables: Any) -> Run:
    inventory = str(write_inventory(folder, {client.name: client.variables(**variables)}))
    return playbook("playbooks/onboard.yml", "-i", inventory, "-l", client.name, *arguments)


def has_secret(client: ManagedClient) -> bool:
    return bool(client.told())
