#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_native
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Let Secrets Manager's own rotation call the Lambda function of a client
description:
  - Enables the rotation of Secrets Manager (C(RotateSecret)) with our rotation function, for the console's button
    I(Rotate secret immediately) and for checks that ask for C(RotationEnabled), such as SecretsManager.1 of Security
    Hub. The sweep stays the schedule. Secrets Manager is set to come a week later, so that it rotates by itself only
    where no sweep does.
  - Nothing is rotated. AWS calls the function's step C(testSecret) once, which changes nothing, and refuses where it
    may not call the function.
  - The tag C(rotation/function) of the secret names the function, because any other rotation by Secrets Manager is
    refused by all runs. It is written first and emptied last, and a run that was cut off in between is finished by the
    next one.
  - A secret that another function rotates is refused.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._database
  - dbops.rotation._aws
attributes:
  diff_mode:
    description: Will return details on what has changed or, in check mode, would change.
    support: full
    details:
      - The function and the days are shown.
options:
  client:
    description:
      - The client's name, for messages. In a play it is the name of the host.
    type: str
  secret_id:
    description:
      - Name or ARN of the secret.
    type: str
    required: true
  state:
    description:
      - V(absent) cancels the rotation (C(CancelRotateSecret)) and empties the tag. A rotation that is under way is
        finished by the next sweep.
    type: str
    choices: [present, absent]
    default: present
  function:
    description:
      - Name or ARN of the rotation function. One that has a name only is in the account and region of the secret.
    type: str
    default: dbops-rotation-rotate
  cycle_days:
    description:
      - Days from one rotation to the next, as the sweep counts them. Secrets Manager gets 7 more, and at most 1,000.
    type: int
    default: 40
notes:
  - The options of the connection to the database are taken so that one C(module_defaults) serves a whole play. This
    module does not connect to it.
  - It needs C(secretsmanager:DescribeSecret), C(secretsmanager:TagResource), C(secretsmanager:RotateSecret),
    C(secretsmanager:CancelRotateSecret) and C(lambda:InvokeFunction). The function has to allow
    C(secretsmanager.amazonaws.com) to call it.
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.rotation_runner
"""

EXAMPLES = r"""
- name: Let the console rotate client_acme, too
  dbops.rotation.rotation_native:
    client: client_acme
    secret_id: clients/client_acme/mysql/root
    region: eu-central-1
    function: arn:aws:lambda:eu-central-1:123456789012:function:dbops-rotation-rotate
    cycle_days: 40

- name: Take that back
  dbops.rotation.rotation_native:
    client: client_acme
    secret_id: clients/client_acme/mysql/root
    region: eu-central-1
    state: absent
"""

RETURN = r"""
msg:
  description: What Secrets Manager does or, in check mode, would do, in one sentence.
  returned: always
  type: str
  sample: >-
    client_acme: Secrets Manager calls arn:aws:lambda:eu-central-1:123456789012:function:dbops-rotation-rotate 47 days
    after a rotation
client:
  description: The client's name.
  returned: success
  type: str
  sample: client_acme
secret_id:
  description: The secret.
  returned: success
  type: str
  sample: clients/client_acme/mysql/root
function:
  description: ARN of the function; empty where there is to be none.
  returned: success
  type: str
  sample: arn:aws:lambda:eu-central-1:123456789012:function:dbops-rotation-rotate
calls:
  description: What was done or, in check mode, would be done, in order. V(cancel), V(tag), V(rotate), V(untag).
  returned: success
  type: list
  elements: str
  sample: [tag, rotate]
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
      description: What was left.
      type: str
    next_step:
      description: What to do.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._module.native import NATIVE


def main() -> None:
    NATIVE.context_module(AnsibleModule(supports_check_mode=True, **NATIVE.validation()))


if __name__ == "__main__":
    main()
