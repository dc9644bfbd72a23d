# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option that takes others from the variables of the client."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  from_variables:
    description:
      - Take options from the client's variables, which have the same names with C(rotation_) before them and are
        described with the role C(dbops.rotation.rotation). An option of the task itself counts more.
      - V(connection) takes the client, the secret, and the options of AWS and of the database; V(all) takes all
        options.
      - It is faster than a template with all options, which Ansible compiles anew in the worker of each client.
    type: str
    choices: [connection, all]
    version_added: 0.2.0
"""
