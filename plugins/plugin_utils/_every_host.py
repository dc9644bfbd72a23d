# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task that works for several hosts has to know of each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.playbook.task import Task
from ansible.template import Templar


def variables_of(task: Task, host: str) -> dict[str, Any]:
    """Return the variables that Ansible would hand over to this task of that host."""
    manager = task.get_variable_manager()
    found: dict[str, Any] = manager.get_vars(play=task.get_play(), host=manager._inventory.get_host(host), task=task)
    return found


def options_in(templar: Templar, variable: str) -> Mapping[str, Any]:
    """Return the options that a variable holds for the host whose variables the templar has, to be evaluated."""
    if variable not in templar.available_variables:
        raise AnsibleActionFail(f"there is no variable {variable!r}")
    options = templar.available_variables[variable]
    return options if isinstance(options, Mapping) else dict(templar.template(options) or {})


def hosts_of_handler(task: Task, host: str) -> list[str]:
    """Return the hosts for which a handler with run_once speaks, in a task of this host.

    A strategy that does not honour run_once hands the handler out for each host, which it first takes off the list.
    """
    notified = [one.get_name() for one in getattr(task, "notified_hosts", ())]
    return notified if task.run_once and host in notified else [host]
