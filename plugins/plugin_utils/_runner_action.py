# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task that leaves a client to the functions needs besides the engine: what nobody may see stays where it is."""

from __future__ import annotations

from typing import Any

from ..module_utils._runners import LAMBDA
from ._action import EngineAction
from ._stored import is_secure


class RunnerAction(EngineAction):
    """Leave out of a client's parameter, which is no SecureString, what comes from one."""

    def _work(self, variables: dict[str, Any]) -> dict[str, Any]:
        settings = self._task.args.get("settings") or {}
        secure = sorted(name for name in settings if is_secure(variables.get(f"rotation_{name}")))
        if secure and self._task.args.get("runner") == LAMBDA:
            named = ", ".join(f"ROTATION_{name.upper()}" for name in secure)
            self._display.warning(
                f"{variables.get('inventory_hostname')}: what comes from a SecureString is not stored for the"
                f" functions; set it in their environment: {named}."
            )
        kept = {name: value for name, value in settings.items() if name not in secure}
        self._task.args = {**self._task.args, "settings": kept}
        return super()._work(variables)
