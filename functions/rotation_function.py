# SPDX-License-Identifier: GPL-3.0-or-later
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.rotation_function import rotation as handler

__all__ = ["handler"]
