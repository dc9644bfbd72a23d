# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge between Ansible's action plugins and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ansible.constants import LOCALHOST
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader, test_loader

from ..module_utils._aws.session import warm
from ..module_utils._module.operation import Operation
from ..module_utils._next_step import present
from ..module_utils._readers import as_environment, reader, reading
from ._from_variables import with_variables
from ._helpers import HELPERS
from ._reader import of_task
from ._stored import PATH, READ, is_secure, unread

# What the role's templates use, and Ansible itself loads only where it is used: in every worker.
OF_TEMPLATES = ((test_loader, "ansible.builtin.succeeded"), (lookup_loader, "ansible.builtin.env"))


def warm_templates() -> None:
    """Load the plugins of templates. It only saves time, so nothing that goes wrong here may end a run."""
    with suppress(Exception):
        for loader, name in OF_TEMPLATES:
            loader.get(name)


# Ansible imports this before it forks a worker for each task, so what is loaded here is loaded once.
warm()
warm_templates()


class EngineAction(ActionBase):
    """Run an operation in the controller's process, or ship the module where the task runs elsewhere or async."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = True
    operation: Operation
    # What it needs, no other host has.
    needs_controller = False
    # A run does it for many clients, and a warm process does it faster.
    uses_helper = False
    _validator: ArgumentSpecValidator

    def __init_subclass__(cls) -> None:
        """Make the check of the options when Ansible imports the action; in each worker it would take 1.5 ms."""
        if hasattr(cls, "operation"):
            cls._validator = ArgumentSpecValidator(**cls.operation.validation())

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take what Ansible hands over."""
        super().__init__(*arguments, **options)
        self._secrets: dict[str, Any] = {}

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do the task; a failure is a result, never an exception of the engine."""
        super().run(tmp, task_vars)
        arguments, variables = dict(self._task.args), task_vars or {}
        # What a SecureString says may have come into any of them.
        secret = set(arguments) if any(map(is_secure, variables.values())) else self._secret_names()
        # Retries of a task run in this same object.
        self._secrets = {**self._secrets, **{name: value for name, value in arguments.items() if name in secret}}
        self._task.args = {**arguments, **self._secrets}
        try:
            with reading(of_task(self._task)):
                return self._work(variables)
        finally:
            # Callbacks are handed the arguments of the task beside its result.
            self._task.args = {name: value for name, value in arguments.items() if name not in secret}

    def _work(self, variables: dict[str, Any]) -> dict[str, Any]:
        self._refuse_local_jump_host()
        self._refuse_without_settings(variables)
        self._task.args = self.options_of(self._task.args, variables.get("inventory_hostname"))
        refused = self.operation.refusal(self._task.args)
        if refused:
            return refused
        self.complete_arguments()
        if self._task.async_val or self._connection.transport != "local":
            return self._ship(variables)
        params = self.validated()
        run = HELPERS.do if self.uses_helper else None
        return self.operation.outcome(params, check=self._task.check_mode, diff=self._task.diff, run=run)

    def options_of(self, arguments: Mapping[str, Any], host: str | None) -> dict[str, Any]:
        """Return the arguments with what the variables of a host say, which are those of the templar."""
        taken = with_variables(arguments, self.operation.spec, self._templar)
        return self.without_empty({"client": host, **taken})

    def validated(self) -> dict[str, Any]:
        """Return the arguments of the task as its operation takes them; errors are those of Ansible's check."""
        result = self._validator.validate(self._task.args)
        if result.error_messages:
            unknown = isinstance(result.errors[0], UnsupportedError)
            where = f"Unsupported parameters for ({self._load_name}) module: " if unknown else ""
            raise AnsibleActionFail(f"{where}{result.errors.msg}", obj=self._task.args)
        return dict(result.validated_parameters)

    @staticmethod
    def without_empty(arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Leave out what a user left empty: a role hands over every option."""
        return {name: value for name, value in arguments.items() if value not in (None, "")}

    def complete_arguments(self) -> None:
        """Add what only the controller can know, before the arguments are used here or shipped."""

    def _ship(self, variables: dict[str, Any]) -> dict[str, Any]:
        if self.needs_controller:
            raise AnsibleActionFail(
                f"{self.operation.declared.name} works on the controller: delegate it to no other host and use the"
                " connection 'local'. Nothing was changed."
            )
        if self._connection.has_pipelining:
            # Otherwise the module lies in a file there for a moment, with its arguments in it.
            self._connection.set_option("pipelining", True)
        secret = {name for name in self._task.args if is_secure(variables.get(f"rotation_{name}"))}
        secret |= self._secret_names() & self._task.args.keys()
        if secret and not self._is_pipelining_enabled("new", self._task.async_val):
            raise AnsibleActionFail(
                f"The option {min(secret)} would be written to a file on the host that runs the task, because the task"
                " is async or the connection cannot pipeline (become, keep_remote_files). Let that host's own AWS"
                " profile or role give access, use source_secret_id for a password, or run it in the foreground with"
                " pipelining."
            )
        # There the module finds who reads its messages.
        self._task.environment = [*(self._task.environment or []), as_environment(reader())]
        try:
            result: dict[str, Any] = self._execute_module(task_vars=variables, wrap_async=self._task.async_val)
        except AnsibleConnectionFailure:
            raise AnsibleActionFail(self._unreachable(self._task.args["client"])) from None
        # As in the controller: callbacks, and output at -vvv, would show the arguments.
        result.pop("invocation", None)
        return result

    def _unreachable(self, client: str) -> str:
        again = "repair the connection and run the same command again, which finishes what is unfinished."
        return (
            f"{client}: the connection to the host that runs the task ({self._task.delegate_to or 'its own'}) failed."
            f" State: Nothing was changed, unless it broke during the change. Next: {present(again, client)}"
        )

    def _secret_names(self) -> set[str]:
        secret = {name: spec for name, spec in self.operation.spec.items() if spec.get("no_log")}
        return {alias for name, spec in secret.items() for alias in (name, *spec.get("aliases", ()))}

    def _refuse_without_settings(self, variables: dict[str, Any]) -> None:
        path = self._templar.template(variables.get(PATH))
        lacking = unread(path, variables.get(READ))
        if lacking:
            raise AnsibleActionFail(lacking)

    def _refuse_local_jump_host(self) -> None:
        target = self._task.delegate_to
        if target and target not in LOCALHOST and self._connection.transport == "local":
            raise AnsibleActionFail(
                f"The jump host {target!r} would be reached by the connection 'local', which is this"
                " machine. Give it its own ansible_connection (ssh) in the inventory."
            )
