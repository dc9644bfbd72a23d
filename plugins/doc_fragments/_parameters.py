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
      - A path of Systems Manager Parameter Store, such as V(/dbops/rotation). The parameters below it become variables
        of the group C(all). All other variables of an inventory, a playbook or C(-e) have priority.
      - The name of a parameter is a variable of the role P(dbops.rotation.rotation#role). A parameter of any other name
        is a JSON dictionary of such variables, like the one that P(dbops.rotation.rotation_provision#role) writes. A
        wrong parameter ends the run.
      - The path is read once for an inventory, decrypted, with the access to AWS of the first file that names it. The
        value of a C(SecureString) is in no variable. P(dbops.rotation.parameter#lookup) returns it.
      - The extra variable C(rotation_parameter_path) names another path for one run. An empty one reads nothing.
    type: str
    version_added: 0.2.0
"""
