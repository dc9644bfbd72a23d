#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_policy
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Set who may read and who may rotate a secret
description:
  - Writes a resource policy. It denies everybody else to read or change the secret, whatever their own policies allow.
    It denies everybody to delete it, so remove the policy before you delete a secret.
  - Changes only the policy, never the value, unlike M(community.aws.secretsmanager_secret).
  - Keeps statements of the policy that it did not write.
  - Does nothing for a client whose secret does not exist yet.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._database
  - dbops.rotation._aws
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
  readers:
    description:
      - Who may read the secret besides O(rotators). ARNs of roles or users (V(*) is a wildcard), or names of roles in
        the secret's account.
      - The policy also allows readers without V(*), which those in another account need.
      - Required unless O(state=absent), if only as an empty list, because nobody else can read the secret then.
    type: list
    elements: str
  rotators:
    description:
      - Who may read and change the secret, in the same form. Required unless O(state=absent).
    type: list
    elements: str
  state:
    description:
      - V(absent) removes what this module wrote.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
"""

EXAMPLES = r"""
- name: Let only the shop of client_acme read the password, and only our role rotate it
  dbops.rotation.secretsmanager_policy:
    secret_id: clients/client_acme/mysql/root
    region: eu-central-1
    readers:
      - arn:aws:iam::123456789012:role/acme-shop
    rotators:
      - dbops-rotation-rotator
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
  sample: "client_acme: the policy of its secret was changed"
client:
  description: The client's name.
  returned: success
  type: str
  sample: client_acme
policy:
  description: The policy as it is or, in check mode, would be. Empty if there is none.
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

from ..module_utils._module.secret_policy import SECRET_POLICY


def main() -> None:
    SECRET_POLICY.context_module(AnsibleModule(supports_check_mode=True, **SECRET_POLICY.validation()))


if __name__ == "__main__":
    main()
