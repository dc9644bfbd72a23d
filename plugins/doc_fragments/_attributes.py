# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attributes that all modules of this collection share."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - Reads Secrets Manager and the database, and predicts from what it finds. Changes nothing.
  diff_mode:
    description: Will return details on what has changed or, in check mode, would change.
    support: full
    details:
      - Shows only version ids, staging labels and dates.
  async:
    description: Supports being used with the C(async) keyword.
    support: full
    details:
      - Ansible then sends the module to the target, even on a local connection. It runs under the Python of
        C(ansible_python_interpreter), which needs the required libraries.
  action:
    description: This has a corresponding action plugin.
    support: full
    details:
      - On a local connection the action works in the controller's process and starts no other Python.
  action_group:
    description: Use C(group/dbops.rotation.all) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - dbops.rotation.all
"""
