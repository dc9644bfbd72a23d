# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that are found by the listing of their secrets."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from cycle import set_tags
from managed import ManagedClient, playbook
from playbook_runs import Run
from world.aws import ACCESS_KEY, REGION, SECRET_KEY

FLEET = "playbooks/rotate_due.yml"


class Fleet:
    """Clients of one test, told from those of others by a tag, and the inventory file that lists them."""

    def __init__(self, folder: Path, clients: list[ManagedClient]) -> None:
        self.clients, self.folder = clients, folder
        self.mark = str(uuid.uuid4())
        for client in clients:
            client.rotate()
            set_tags(client, {"fleet": self.mark, "rotation/notified": ""})
        self.configure()

    def configure(self, **options: Any) -> None:
        """Write the inventory's configuration, and beside it what only the databases need."""
        access = {"region": REGION, "endpoint_url": self.clients[0].aws.endpoint_url}
        chosen = {"plugin": "dbops.rotation.fleet", "tags": {"fleet": self.mark}, "notices": False}
        (self.folder / "fleet.yml").write_text(json.dumps({**chosen, **access, **options}))
        (self.folder / "group_vars").mkdir(exist_ok=True)
        written = {"rotation_tls_ca_file": str(self.clients[0].ca_file)}
        (self.folder / "group_vars/clients.yml").write_text(json.dumps(written))

    def run(self, *arguments: str, name: str = FLEET) -> Run:
        """Run a playbook as a schedule does: with keys in the environment, and never without the listing."""
        keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        strict = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1"}
        return playbook(name, "-i", str(self.folder / "fleet.yml"), *arguments, environment={**keys, **strict})
