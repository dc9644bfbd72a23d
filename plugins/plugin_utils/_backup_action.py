# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What backup and restore do on the controller before the engine works: files, the vault, the options of hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError

from ..module_utils._backup.document import dump_entry, load
from ..module_utils._backup.file import missing, read_file
from ..module_utils._backup.plan import entry_of
from ..module_utils._errors import RotationError
from ._action import EngineAction
from ._every_host import options_in, variables_of
from ._templates import evaluated
from ._vault import VaultCipher


class BackupAction(EngineAction):
    """Back up all hosts of the play in one task, each with its own options, so that no value leaves this process."""

    _supports_async = False

    def _work(self, variables: dict[str, Any]) -> dict[str, Any]:
        if self._connection.transport != "local":
            raise AnsibleActionFail(
                "A backup is made on the controller, where the vault secrets of the run are: delegate it to no other"
                " host and use the connection 'local'. Nothing was changed."
            )
        params = self._validate(dict(self._task.args), variables["inventory_hostname"])
        hosts, unusable = self._hosts(params, variables)
        cipher = VaultCipher(self._loader, params["vault_id"])
        params |= {"hosts": hosts, "unusable": unusable, "cipher": cipher}
        return self.operation.outcome(params, check=self._task.check_mode, diff=self._task.diff)

    def _hosts(self, params: dict[str, Any], variables: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the options of every host, and why some have none."""
        variable = params["client_options"]
        if not variable:
            return {variables["inventory_hostname"]: params}, {}
        common = {name: params[name] for name in ("path", "vault_id")}
        hosts, unusable = {}, {}
        for host in variables["ansible_play_hosts"]:
            try:
                self._templar.available_variables = variables_of(self._task, host)
                options = evaluated(options_in(self._templar, variable), self._templar)
                hosts[host] = self._validate({**options, **common}, host)
            except AnsibleError as error:
                unusable[host] = f"{host}: its options are wrong: {error}"
        return hosts, unusable

    def _validate(self, arguments: dict[str, Any], host: str) -> dict[str, Any]:
        self._task.args = self.options_of(arguments, host)
        return self.validated()


class RestoreAction(EngineAction):
    """Hand each host its own part of the backup."""

    def complete_arguments(self) -> None:
        """Read, decrypt and divide the backup file here; only this client's part may go to a jump host."""
        arguments = self._task.args
        if arguments.get("path") and not arguments.get("backup"):
            path = Path(str(arguments.pop("path"))).expanduser()
            arguments["backup"] = self._part(path, str(arguments["client"]))

    def _part(self, path: Path, client: str) -> str:
        try:
            encrypted = read_file(path)
            if encrypted is None:
                raise missing(path)
            return dump_entry(entry_of(load(VaultCipher(self._loader).decrypt(encrypted, path)), client))
        except RotationError as error:
            error.locate(client=client, step="read", state="Nothing was changed.", next_step="")
            raise AnsibleActionFail(str(error)) from None
