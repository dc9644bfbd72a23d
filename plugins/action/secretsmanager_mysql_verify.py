# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ..module_utils._module.verify import VERIFY
from ..plugin_utils._action import EngineAction


class ActionModule(EngineAction):
    operation = VERIFY
    uses_helper = True
