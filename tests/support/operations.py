# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations as their actions run them."""

from __future__ import annotations

from importlib import import_module

from ansible_collections.dbops.rotation.plugins.module_utils import _operations
from ansible_collections.dbops.rotation.plugins.module_utils._module.operation import Operation

COLLECTION = "ansible_collections.dbops.rotation.plugins"
OPERATIONS: dict[str, Operation] = {
    name: import_module(f"{COLLECTION}.action.{name}").ActionModule.operation for name in _operations.OPERATIONS
}
