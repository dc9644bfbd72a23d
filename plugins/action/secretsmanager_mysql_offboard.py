# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ..module_utils._module.offboard import OFFBOARD
from ..plugin_utils._action import EngineAction
from ..plugin_utils._confirmation import add_confirmation
from ..plugin_utils._sharing import refuse_shared_secret


class ActionModule(EngineAction):
    operation = OFFBOARD

    def complete_arguments(self) -> None:
        refuse_shared_secret(self._task, self._templar, self._templar.available_variables["inventory_hostname"])
        add_confirmation(self._task.args)
