# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option of the inventory plugins that names stored settings."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  parameter_path:
    description:
      - A path of Systems Manager Parameter Store, such as V(/dbops/rotation). What is stored below it becomes variables
        of the group C(all), to which everything else that an inventory, a playbook or C(-e) says is preferred.
      - A parameter is called as a variable of the role P(dbops.rotation.rotation#role), or holds several of them as a
        JSON dictionary, as the one that P(dbops.rotation.rotation_provision#role) writes. A wrong one ends the run.
      - It is read once for an inventory, decrypted, with the access to AWS of the first file that names it. The value
        of a C(SecureString) is no variable, but is asked for by P(dbops.rotation.parameter#lookup).
      - The extra variable C(rotation_parameter_path) names another path for one run; where it is empty, nothing
        is read.
    type: str
    version_added: 0.2.0
"""
