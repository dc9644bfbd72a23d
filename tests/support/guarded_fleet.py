# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients without AWS, for what is decided before any of them is visited."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from managed import ROOT, playbook

REFUSED = "Name the clients with --limit (-l client_acme), or say -e rotation_everything=true to work on all"
UNKNOWN = "but the inventory has no such client or group. Correct the limit. Nothing was changed."
NO_HOSTS = "leaves us with no hosts to target"
WENT_ON = "nothing kept the play from its work"
# As a playbook of ours, with another task behind the guard.
PLAY = f"""
- hosts: "{{{{ rotation_hosts | default('all') }}}}"
  connection: local
  gather_facts: false
  serial: [1, "100%"]
  tasks:
    - ansible.builtin.import_role:
        name: dbops.rotation.rotation
        tasks_from: guard
    - ansible.builtin.debug:
        msg: {WENT_ON}
      when: rotation_guarded
"""
FLEETS = {
    "three": {"client_acme": {}, "client_globex": {}, "client_initech": {"rotation_jump_host": "bastion"}},
    "one": {"client_acme": {"rotation_jump_host": "bastion"}},
}


@dataclass(frozen=True)
class Fleet:
    """Clients that have no AWS, and a jump host that is no client, in one folder."""

    folder: Path

    def write(self, clients: dict[str, dict[str, Any]]) -> Fleet:
        gold: dict[str, dict[str, Any]] = {name: {} for name in ("client_acme", "client_globex") if name in clients}
        groups: dict[str, Any] = {
            "clients": {"hosts": clients},
            "ways": {"hosts": {"bastion": {"ansible_connection": "ssh"}}},
        }
        groups |= {"tier_gold": {"hosts": gold}} if len(gold) > 1 else {}
        (self.folder / "fleet.json").write_text(json.dumps({"all": {"children": groups}}))
        (self.folder / "three.txt").write_text("client_acme\nclient_globex\nclient_initech\n")
        (self.folder / "one.txt").write_text("client_acme\n")
        (self.folder / "play.yml").write_text(PLAY)
        return self

    def arguments(self, name: str, limit: str | None, *more: str) -> list[str]:
        text = limit.replace("@", f"@{self.folder}/") if limit else limit
        given = [] if text is None else [f"--limit={text}"]
        return [str(ROOT / name), "-i", str(self.folder / "fleet.json"), *given, *more]

    def told(self, name: str, limit: str | None, *more: str) -> tuple[int, str]:
        run = playbook(*self.arguments(name, limit, *more))
        return run.returncode, " ".join((run.stdout + run.stderr).split())
