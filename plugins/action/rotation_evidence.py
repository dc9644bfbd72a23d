# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ..module_utils._module.evidence import EVIDENCE
from ..plugin_utils._action import EngineAction
from ..plugin_utils._audit_options import add_audit_options


class ActionModule(EngineAction):
    operation = EVIDENCE
    _supports_async = False
    needs_controller = True

    def complete_arguments(self) -> None:
        add_audit_options(self._task.args)
        # Alarms and roles are asked for even where nothing is shipped, and the callback has no region.
        region = self._templar.template(self._templar.available_variables.get("rotation_region"))
        self._task.args = self.without_empty({"region": region, **self._task.args})
