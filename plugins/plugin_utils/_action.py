# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge between Ansible's action plugins and the engine."""

from __future__ import annotations

from typing import Any

from ansible.constants import LOCALHOST
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation


class EngineAction(ActionBase):
    """Run an operation in the controller's process, or ship the module where the task runs elsewhere or async."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = True
    operation: Operation

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do the task; a failure is a result, never an exception of the engine."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        self._refuse_local_jump_host()
        arguments = {"client": variables.get("inventory_hostname"), **self._task.args}
        # A role hands over every option; what a user left empty counts as not given.
        self._task.args = {name: value for name, value in arguments.items() if value not in (None, "")}
        self.complete_arguments()
        if self._task.async_val or self._connection.transport != "local":
            return self._ship(variables)
        _result, params = self.validate_argument_spec(**self.operation.validation())
        return self.operation.outcome(params, check=self._task.check_mode, diff=self._task.diff)

    def complete_arguments(self) -> None:
        """Add what only the controller can know, before the arguments are used here or shipped."""

    def _ship(self, variables: dict[str, Any]) -> dict[str, Any]:
        if self._connection.has_pipelining:
            # Otherwise the module lies in a file there for a moment, with its arguments in it.
            self._connection.set_option("pipelining", True)
        secret = self._secret_options()
        if secret and not self._is_pipelining_enabled("new", self._task.async_val):
            raise AnsibleActionFail(
                f"The option {secret[0]} would be written to a file on the host that runs the task, because the task"
                " is async or the connection cannot pipeline (become, keep_remote_files). Let that host's own AWS"
                " profile or role give access, use source_secret_id for a password, or run it in the foreground with"
                " pipelining."
            )
        result: dict[str, Any] = self._execute_module(task_vars=variables, wrap_async=self._task.async_val)
        return result

    def _secret_options(self) -> list[str]:
        secret = {name: spec for name, spec in self.operation.spec.items() if spec.get("no_log")}
        return [name for name, spec in secret.items() if {name, *spec.get("aliases", ())} & self._task.args.keys()]

    def _refuse_local_jump_host(self) -> None:
        target = self._task.delegate_to
        if target and target not in LOCALHOST and self._connection.transport == "local":
            raise AnsibleActionFail(
                f"The jump host {target!r} would be reached by the connection 'local', which is this"
                " machine. Give it its own ansible_connection (ssh) in the inventory."
            )
