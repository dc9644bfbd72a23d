# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory plugins share: a file of options, access to AWS, and errors that are one sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.inventory import BaseInventoryPlugin

from ..module_utils._codes import Code
from ..module_utils._errors import RotationError, unexpected
from ..module_utils._libraries import require_libraries
from ..module_utils._module.options import AWS_SPEC, MUTUALLY_EXCLUSIVE, REQUIRED_TOGETHER, Spec
from ..module_utils._readers import reading
from ._group_names import UNREAD
from ._reader import InventoryFile, named_inventory, of_playbook
from ._stored import PATH, settle
from ._stored_options import Stored, WrongParameters


class AwsInventory(BaseInventoryPlugin):
    """Reads its options, and what Parameter Store holds, before a plugin does its own work."""

    checked: Spec = AWS_SPEC
    templatable: Collection[str] = (*AWS_SPEC, "parameter_path")

    def verify_file(self, path: str) -> bool:
        """Return True if a file is meant for this plugin."""
        kind = self.NAME.rpartition(".")[2]
        return bool(super().verify_file(path)) and f".{Path(path).name}".endswith((f".{kind}.yml", f".{kind}.yaml"))

    def get_option(self, option: str, hostvars: Any = None) -> Any:
        """Return an option; some may be templates."""
        value = super().get_option(option, hostvars)
        return self.templar.template(value) if option in self.templatable and value else value

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory, or leave the mark of a file that could not be read."""
        super().parse(inventory, loader, path, cache)
        config = self._read_config_data(path)
        try:
            self._work(config, path, cache)
        except AnsibleError:  # Ansible goes on with what other files say; plugins/lookup/hosts.py looks for the mark
            inventory.set_variable(inventory.add_group(UNREAD), UNREAD, True)
            raise

    def _work(self, config: Mapping[str, Any], path: str, cache: bool) -> None:
        """Fill the inventory; whatever goes wrong is one sentence on what and why, and one on what to do."""
        try:
            require_libraries()
            self._refuse_unknown(config)
            self._fill(config, path, cache)
        except RotationError as error:
            raise AnsibleParserError(_text(error, path)) from None
        except AnsibleError:
            raise
        except Exception as error:
            raise AnsibleParserError(_text(unexpected(error), path)) from None

    def _fill(self, config: Mapping[str, Any], path: str, cache: bool) -> None:
        raise NotImplementedError

    def _read_parameters(self, params: Mapping[str, Any]) -> Stored:
        """Return what is stored below the path that this run names, or else the file; nothing where neither does."""
        path = (self._vars or {}).get(PATH, self.get_option("parameter_path"))
        return settle(self.inventory, str(path), params) if path else Stored()

    def _refuse_unknown(self, config: Mapping[str, Any]) -> None:
        unknown = set(config) - {name for option in self.option_definitions for name in self._names(option)}
        if unknown:
            raise self._wrong(f"there is no option {', '.join(sorted(unknown))}")

    def _validate(self, config: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options: those of the file, or else those that are stored, or else what is usual."""
        options = {option: self.get_option(option) for option in self.checked}
        for option in self.checked:
            if f"rotation_{option}" in stored and not config.keys() & self._names(option):
                options[option] = stored[f"rotation_{option}"]
        result = ArgumentSpecValidator(
            self.checked, mutually_exclusive=MUTUALLY_EXCLUSIVE, required_together=REQUIRED_TOGETHER
        ).validate({option: value for option, value in options.items() if value is not None})
        if result.error_messages:
            raise self._wrong("; ".join(result.error_messages))
        return dict(result.validated_parameters)

    def _names(self, option: str) -> set[str]:
        return {option, *self.option_definitions[option].get("aliases", ())}

    def _wrong(self, what: str) -> RotationError:
        return RotationError(
            f"The options are wrong: {what}.",
            code=Code.INVALID_OPTION,
            next_step=f"Correct the file; ansible-doc -t inventory {self.NAME} describes every option.",
        )


def _text(error: RotationError, path: str) -> str:
    """Return the message; an option has its name in the file, or the variable's where a parameter has that name."""
    error.client = Path(path).name
    words = of_playbook() if isinstance(error, WrongParameters) else InventoryFile(named_inventory())
    with reading(words):
        return str(error)
