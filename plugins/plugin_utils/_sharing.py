# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether another host of the inventory has the same secret, which only the inventory can tell."""

from __future__ import annotations

from collections.abc import Iterator

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.playbook.task import Task
from ansible.template import Templar

from ..module_utils._clean import one_line
from ._every_host import variables_of

SECRET = "rotation_secret_id"
# With the secret's name they say which secret it is.
PLACE = (SECRET, "rotation_region", "rotation_profile", "rotation_assume_role_arn", "rotation_endpoint_url")


def refuse_shared_secret(task: Task, templar: Templar, host: str) -> None:
    """Raise AnsibleActionFail where a host that is not this one has its secret, and so needs it still.

    It is asked once, by the look in check mode that comes before all else, for a fleet may be large.
    """
    if not task.check_mode or SECRET not in templar.available_variables:
        return  # the latter in a task that is not of the role
    others = sorted(_others(task, templar, host))
    if others:
        names = one_line(", ".join(others))
        raise AnsibleActionFail(
            f"The secret of {host} is that of {names} in the inventory, too, and would be deleted for all of them."
            f" Nothing was changed. Next: if {names} stays, take {host} out of the inventory, which deletes nothing;"
            " otherwise take all names but one out, and offboard that."
        )


def _others(task: Task, templar: Templar, host: str) -> Iterator[str]:
    inventory = task.get_variable_manager()._inventory
    here = _place(task, templar, host)
    for other in inventory.get_hosts("all", ignore_limits=True, ignore_restrictions=True):
        if other.name != host and _place(task, templar, other.name) == here:
            yield other.name


def _place(task: Task, templar: Templar, host: str) -> tuple[str, ...]:
    """Return which secret a host has; that of one whose variables cannot be computed is no other's."""
    there = templar.copy_with_new_env(available_variables=variables_of(task, host))
    try:
        return tuple(str(there.template(there.available_variables.get(name)) or "") for name in PLACE)
    except AnsibleError:
        return (host,)
