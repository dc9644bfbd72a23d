# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of a run: what Ansible's inventory says of limit and options, before any client is touched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError, AnsibleUndefinedVariable
from ansible.plugins.action import ActionBase
from ansible.template import Templar

from ..module_utils._clean import one_line
from ..module_utils._errors import RotationError
from ..module_utils._module.option_checks import Fault
from ..module_utils._next_step import filled, present, with_options
from ._reader import of_playbook
from ._run_options import faults, refusal, shared
from ._selection import everyone, unknown_names
from ._stored import unread

SHOWN = 200
OPTIONS = {
    "everything": {"type": "bool", "default": False},
    "argument_specs": {"type": "path"},
    "entry_point": {"type": "str"},
    "parameter_path": {"type": "str"},
    "parameters_read": {"type": "str"},
}
# They may be made of what a run has come to, so they make sense only later.
LATER = "rotation_notice_"


class GuardAction(ActionBase):
    """Ask the inventory what the play selects, with the limit and without it."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Refuse every client, unknown names and options that are wrong for all, as a failed result in words."""
        super().run(tmp, task_vars)
        _result, options = self.validate_argument_spec(OPTIONS)
        lacking = unread(options["parameter_path"], options["parameters_read"])
        if lacking:
            raise AnsibleActionFail(lacking)
        variables = task_vars or {}
        selected, groups = variables["ansible_play_hosts_all"], variables["groups"]
        limit = variables.get("ansible_limit")
        clients = [] if options["everything"] else everyone(self._there(), selected, self._jump_hosts)
        if clients:
            everything = present(with_options({"everything": "true"}), "", of_playbook())
            raise AnsibleActionFail(
                f"Name the clients with --limit (-l client_acme), or say {everything} to work on all"
                f" {len(clients)} of them; {_limit_text(limit)}. Nothing was changed."
            )
        unknown = unknown_names(limit or "", {*groups, *groups["all"]})
        if unknown:
            raise AnsibleActionFail(
                f"The limit names {one_line(', '.join(unknown), SHOWN)}, but the inventory has no such client or"
                " group. Correct the limit. Nothing was changed."
            )
        if options["argument_specs"] and options["entry_point"]:
            self._refuse_wrong_options(options["argument_specs"], options["entry_point"], selected)
        return {"changed": False}

    def _refuse_wrong_options(self, path: str, entry_point: str, selected: Sequence[str]) -> None:
        """Refuse what is wrong with all clients; what is wrong with one of several only fails that one."""
        spec = self._loader.load_from_file(path)["argument_specs"][entry_point]["options"]
        errors = shared(selected, lambda host: self._faults(spec, host))
        if len(selected) == 1:
            # Of one client that is visited alone, only what the command says is certainly not its own.
            extra = self._task.get_variable_manager().extra_vars
            errors = [fault for fault in errors if extra.keys() & set(fault.options)]
        if errors:
            raise AnsibleActionFail(filled(refusal(errors, len(selected)), "", of_playbook()))

    def _faults(self, spec: Mapping[str, Mapping[str, Any]], host: str) -> list[Fault]:
        """Return all that is wrong with the options of one client."""
        templar, variables = self._variables_of(host, self._task)
        errors, options = [], {}
        for option in sorted(spec.keys() & variables.keys()):
            try:
                options[option] = templar.template(variables[option])
            except AnsibleError as error:
                _refuse_unread(error)
                if not option.startswith(LATER):
                    errors.append(Fault(f"{option} cannot be computed: {_reason(error)}.", (option,), ""))
        options = {option: value for option, value in options.items() if value not in (None, "")}
        here = self._connection.transport == "local" and not options.get("rotation_jump_host")
        return [*errors, *faults(spec, options, here=here)]

    def _there(self) -> list[str]:
        """Return the hosts that the play would work on without a limit, whatever the wave."""
        inventory = self._task.get_variable_manager()._inventory
        hosts = inventory.get_hosts(self._task.get_play().hosts, ignore_limits=True, ignore_restrictions=True)
        return [host.name for host in hosts]

    def _jump_hosts(self, hosts: Collection[str]) -> set[str]:
        """Return the hosts through which these are reached."""
        jump_hosts = set()
        for host in hosts:
            templar, variables = self._variables_of(host)
            jump_host = variables.get("rotation_jump_host")
            jump_hosts.add(str(templar.template(jump_host)) if jump_host else "")
        return jump_hosts

    def _variables_of(self, host: str, task: Any = None) -> tuple[Templar, dict[str, Any]]:
        """Return what computes the variables of a host, and them; with those of a role where a task of it is named."""
        manager, play = self._task.get_variable_manager(), self._task.get_play()
        there = manager._inventory.get_host(host)
        variables = manager.get_vars(play=play, host=there, task=task, include_hostvars=False)
        return Templar(loader=self._loader, variables=variables), variables


def _refuse_unread(error: BaseException | None) -> None:
    """Raise a template's error of Parameter Store, which is the same for all clients."""
    while error:
        if isinstance(error, RotationError):
            words = of_playbook()
            cause, next_step = filled(error.cause, "", words), present(error.next_step, "", words)
            raise AnsibleActionFail(f"{cause} Nothing was changed. Next: {next_step}") from None
        error = error.__cause__


def _limit_text(limit: str | None) -> str:
    return "no limit was given" if limit is None else f"the limit {one_line(limit, SHOWN)!r} leaves out no client"


def _reason(error: AnsibleError) -> str:
    """Return what a template lacks; the text of any other error may hold what a lookup has read."""
    return one_line(error.message, SHOWN) if isinstance(error, AnsibleUndefinedVariable) else type(error).__name__
