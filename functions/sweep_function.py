# SPDX-License-Identifier: GPL-3.0-or-later
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.sweep_function import sweep as handler

__all__ = ["handler"]
