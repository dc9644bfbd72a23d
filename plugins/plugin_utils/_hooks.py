# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hooks of a client, loaded by a task of their own.

Where include_tasks cannot load a file, it ends the play of all clients or takes the client out of it, and no rescue
runs.
"""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.playbook.helpers import load_list_of_blocks
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.action import ActionBase

from ..module_utils._clean import one_line

OPTIONS = {"files": {"type": "list", "elements": "str", "required": True}}
SHOWN = 300


class HooksAction(ActionBase):
    """Say where the hooks are, after each of them was loaded as include_tasks will load it."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the full path of each file, or fail in words."""
        super().run(tmp, task_vars)
        _result, options = self.validate_argument_spec(OPTIONS)
        paths = [self._loader.path_dwim(name) for name in options["files"]]
        for path in paths:
            try:
                self._load(path)
            except AnsibleError as error:
                raise AnsibleActionFail(f"The hook {path} cannot be run: {one_line(error.message, SHOWN)}") from None
        return {"changed": False, "paths": paths}

    def _load(self, path: str) -> None:
        if not self._loader.is_file(path):
            raise AnsibleError("There is no such file.")
        tasks = self._loader.load_from_file(path)
        if not isinstance(tasks, list):
            raise AnsibleError("It has no list of tasks.")
        using = {"loader": self._loader, "variable_manager": self._task.get_variable_manager()}
        include = TaskInclude.load({"ansible.builtin.include_tasks": path}, **using)
        load_list_of_blocks(tasks, self._task.get_play(), parent_block=include.build_parent_block(), **using)
