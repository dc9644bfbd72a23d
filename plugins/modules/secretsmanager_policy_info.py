#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_policy_info
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Return the resource policy of a secret
description:
  - Returns who may read and who may rotate a secret, whoever wrote that. Reads no secret value and changes nothing.
  - Needs C(secretsmanager:GetResourcePolicy) on the secret.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._database
  - dbops.rotation._aws
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - This module never changes anything.
  diff_mode:
    description: Will return details on what has changed or, in check mode, would change.
    support: N/A
    details:
      - This module never changes anything.
options:
  client:
    description:
      - The client's name, for messages. By default the name of the inventory host.
    type: str
  secret_id:
    description:
      - Name or ARN of the secret.
    type: str
    required: true
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.secretsmanager_policy
"""

EXAMPLES = r"""
- name: Read who may read the password of client_acme
  dbops.rotation.secretsmanager_policy_info:
    secret_id: clients/client_acme/mysql/root
    region: eu-central-1
  register: policy
"""

RETURN = r"""
msg:
  description: What was found, in one sentence.
  returned: always
  type: str
  sample: "client_acme: its secret has a policy of 4 statements"
client:
  description: The client's name.
  returned: success
  type: str
  sample: client_acme
policy:
  description: The policy. Empty if there is none.
  returned: success
  type: dict
error:
  description: The parts of a failure.
  returned: failure
  type: dict
  contains:
    client:
      description: The client.
      type: str
    step:
      description: The step at which the run stopped.
      type: str
    code:
      description: A fixed word for the kind of failure, for programs.
      type: str
      sample: aws_denied
    cause:
      description: What went wrong.
      type: str
    state:
      description: The state left.
      type: str
    next_step:
      description: What to do next.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._module.secret_policy_info import SECRET_POLICY_INFO


def main() -> None:
    SECRET_POLICY_INFO.context_module(AnsibleModule(supports_check_mode=True, **SECRET_POLICY_INFO.validation()))


if __name__ == "__main__":
    main()
