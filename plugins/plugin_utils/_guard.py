# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of a limit: what Ansible's inventory says of a play, asked before any client is touched."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.template import Templar

from ansible_collections.dbops.rotation.plugins.module_utils._clean import one_line
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import present, with_options
from ansible_collections.dbops.rotation.plugins.plugin_utils._selection import everyone, unknown_names

SHOWN = 200


class GuardAction(ActionBase):
    """Ask the inventory what the play selects, with the limit and without it."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Refuse every client and unknown names; whatever is refused is a failed result in words."""
        super().run(tmp, task_vars)
        _result, options = self.validate_argument_spec({"everything": {"type": "bool", "default": False}})
        variables = task_vars or {}
        selected, groups = variables["ansible_play_hosts_all"], variables["groups"]
        limit = variables.get("ansible_limit")
        clients = [] if options["everything"] else everyone(self._there(), selected, self._jump_hosts)
        if clients:
            everything = present(with_options({"rotation_everything": "true"}), "")
            raise AnsibleActionFail(
                f"Name the clients with --limit (-l client_acme), or say {everything} to work on all"
                f" {len(clients)} of them; {_told(limit)}. Nothing was changed."
            )
        unknown = unknown_names(limit or "", {*groups, *groups["all"]})
        if unknown:
            raise AnsibleActionFail(
                f"The limit names {one_line(', '.join(unknown), SHOWN)}, but the inventory has no such client or"
                " group. Correct the limit. Nothing was changed."
            )
        return {"changed": False}

    def _there(self) -> list[str]:
        """Give the hosts that the play would work on without a limit, whatever the wave."""
        inventory = self._task.get_variable_manager()._inventory
        found = inventory.get_hosts(self._task.get_play().hosts, ignore_limits=True, ignore_restrictions=True)
        return [host.name for host in found]

    def _jump_hosts(self, hosts: Collection[str]) -> set[str]:
        """Give the hosts through which these are reached."""
        manager, play = self._task.get_variable_manager(), self._task.get_play()
        found = set()
        for host in hosts:
            variables = manager.get_vars(play=play, host=manager._inventory.get_host(host), include_hostvars=False)
            named = variables.get("rotation_jump_host")
            found.add(str(Templar(loader=self._loader, variables=variables).template(named)) if named else "")
        return found


def _told(limit: str | None) -> str:
    return "no limit was given" if limit is None else f"the limit {one_line(limit, SHOWN)!r} leaves out no client"
