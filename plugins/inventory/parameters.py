# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: parameters
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Settings for all clients from Parameter Store
description:
  - Adds no host, but settings for the hosts of the other files of an inventory. The name of its file is
    C(parameters.yml) or C(parameters.yaml), or ends in C(.parameters.yml) or C(.parameters.yaml).
  - P(dbops.rotation.fleet#inventory) has the same option, so its inventory needs no such file.
options:
  plugin:
    description:
      - The name of this plugin.
    type: str
    required: true
    choices: [dbops.rotation.parameters]
extends_documentation_fragment:
  - dbops.rotation._aws
  - dbops.rotation._parameters
notes:
  - Options may be templates. The access to AWS is only for Parameter Store.
  - Ansible goes on without an inventory file that it could not read. The playbooks of this collection then refuse to
    run. With C(any_unparsed_is_failed) in the section C(inventory) of C(ansible.cfg) every run ends.
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - plugin: dbops.rotation.fleet
    plugin_type: inventory
"""

EXAMPLES = r"""
# inventories/production/parameters.yml, beside the file with the hosts.
plugin: dbops.rotation.parameters
region: eu-central-1
parameter_path: /dbops/rotation

---
# Another path for each environment.
plugin: dbops.rotation.parameters
region: eu-central-1
parameter_path: "/dbops/rotation/{{ lookup('ansible.builtin.env', 'ENVIRONMENT') }}"
"""

from collections.abc import Mapping
from typing import Any

from ..plugin_utils._aws_inventory import AwsInventory


class InventoryModule(AwsInventory):
    """Makes variables of what Parameter Store holds."""

    NAME = "dbops.rotation.parameters"

    def _fill(self, config: Mapping[str, Any], path: str, cache: bool) -> None:
        if not config.get("parameter_path"):
            raise self._wrong("parameter_path is not set")
        self._read_parameters(self._validate(config, {}))
