#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_doctor_info
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Check what a rotation needs from AWS
description:
  - Checks the identity of the run in AWS, the clock, whether the secret can be described, read and decrypted, and
    whether the topic can be reached. Each finding says what to do. Changes nothing.
  - Lets IAM simulate the calls that would change something, if the identity may call C(iam:SimulatePrincipalPolicy).
  - M(dbops.rotation.secretsmanager_mysql_verify) checks the server, its TLS and its rows.
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
  topic_arn:
    description:
      - ARN of the SNS topic of the notices. Without it no topic is checked.
    type: str
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.secretsmanager_mysql_verify
"""

EXAMPLES = r"""
- name: Check whether AWS is ready for client_acme
  dbops.rotation.rotation_doctor_info:
    secret_id: clients/client_acme/mysql/root
    region: eu-central-1
    topic_arn: arn:aws:sns:eu-central-1:123456789012:dbops-rotation
  register: examined
  failed_when: not (examined.healthy | default(false))
"""

RETURN = r"""
msg:
  description: The verdict and the findings, in one sentence each.
  returned: always
  type: str
  sample: "client_acme: AWS is ready"
healthy:
  description: Whether nothing would stop or impair a rotation.
  returned: success
  type: bool
  sample: true
client:
  description: The client's name.
  returned: success
  type: str
  sample: client_acme
identity:
  description: The ARN of the run's identity in AWS.
  returned: success
  type: str
  sample: arn:aws:sts::123456789012:assumed-role/dbops-rotation-rotator/dbops-rotation
checks:
  description: The checks.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: V(identity), V(clock), V(describe), V(read), V(versions), V(replicas) (if there are any),
        V(permissions) or V(topic).
      type: str
      sample: read
    text:
      description: The finding.
      type: str
    next_step:
      description: What to do about it, if anything.
      type: str
    problem:
      description: Whether it would stop or impair a rotation.
      type: bool
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
      sample: aws_unreachable
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

from ..module_utils._module.doctor import DOCTOR


def main() -> None:
    DOCTOR.context_module(AnsibleModule(supports_check_mode=True, **DOCTOR.validation()))


if __name__ == "__main__":
    main()
