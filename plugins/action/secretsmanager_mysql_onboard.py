# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ..module_utils._module.onboard import ONBOARD
from ..plugin_utils._action import EngineAction
from ..plugin_utils._password_source import add_password


class ActionModule(EngineAction):
    operation = ONBOARD

    def complete_arguments(self) -> None:
        add_password(self._task.args)
