# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: parameter
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Return an option of the role that is a SecureString in Parameter Store
description:
  - The inventory plugins P(dbops.rotation.parameters#inventory) and P(dbops.rotation.fleet#inventory) write this lookup
    into the inventory instead of the value. So no printed or exported inventory has the value, nor that in AWX.
  - Returns, without a call, what the inventory plugin has read. A job of AWX has only the exported inventory, so its
    workers together read the path once.
options:
  _terms:
    description:
      - The options, by the names of the role's variables.
    type: list
    elements: str
    required: true
  path:
    description:
      - The path, as in O(dbops.rotation.parameters#inventory:parameter_path).
    type: str
    required: true
extends_documentation_fragment:
  - dbops.rotation._aws
seealso:
  - plugin: dbops.rotation.parameters
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Rotate with the stored external ID
  ansible.builtin.import_role:
    name: dbops.rotation.rotation
    tasks_from: rotate
  vars:
    rotation_external_id: >-
      {{ lookup('dbops.rotation.parameter', 'rotation_external_id', path='/dbops/rotation', region='eu-central-1') }}
"""

RETURN = r"""
_raw:
  description: The values, with the types of the options.
  type: list
  elements: raw
"""

from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils._errors import RotationError, unexpected
from ..module_utils._libraries import require_libraries
from ..module_utils._module.options import AWS_SPEC
from ..plugin_utils._reader import of_playbook
from ..plugin_utils._stored import secure_value


class LookupModule(LookupBase):
    """Return what was read for the run."""

    def run(self, terms: Sequence[str], variables: Any = None, **options: Any) -> list[Any]:
        """Return the values. Raise AnsibleLookupError, without a value in it, if they cannot be read."""
        self.set_options(var_options=variables, direct=options)
        access = {name: self.get_option(name) for name in AWS_SPEC if name in options}
        try:
            require_libraries()
            return [secure_value(option, self.get_option("path"), access) for option in terms]
        except Exception as error:
            failure = error if isinstance(error, RotationError) else unexpected(error)
            raise AnsibleLookupError(failure.told(to=of_playbook())) from failure
