# SPDX-License-Identifier: GPL-3.0-or-later
"""A run over many clients."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from managed import ManagedClient, playbook, write_inventory
from playbook_runs import Run
from topic import Mailbox


def run_fleet(
    clients: Sequence[ManagedClient], folder: Path, mailbox: Mailbox, name: str = "rotate.yml", **given: Any
) -> Run:
    """Run a playbook over these clients, with variables for all of them."""
    common = {"rotation_topic_arn": mailbox.topic, "rotation_min_age": 0}
    inventory = write_inventory(folder, {client.name: client.variables(**common) for client in clients})
    extra = folder / "extra.json"
    extra.write_text(json.dumps({"rotation_everything": True, **given}))
    return playbook(name, "-i", str(inventory), "-e", f"@{extra}")


def lose_account(client: ManagedClient) -> None:
    client.sql(f"DROP USER `{client.user}`@`localhost`, `{client.user}`@`%`")


def versions(clients: Sequence[ManagedClient]) -> list[str]:
    return [client.stages()["AWSCURRENT"] for client in clients]
