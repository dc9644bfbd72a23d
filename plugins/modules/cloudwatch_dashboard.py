#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_dashboard
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Keep a dashboard of CloudWatch
description:
  - Creates, changes or deletes a dashboard. Neither amazon.aws nor community.aws has a module for that.
  - Compares the content as data. Another order of its keys is no change.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._aws
options:
  client:
    description:
      - A name for messages. In a play it is the name of the host.
    type: str
    default: account
  name:
    description:
      - Name of the dashboard.
    type: str
    required: true
  body:
    description:
      - The content, as AWS describes the DashboardBody of C(PutDashboard). Required unless O(state=absent).
    type: dict
  state:
    description:
      - Whether there is to be such a dashboard.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
"""

EXAMPLES = r"""
- name: Show the failures of rotations
  dbops.rotation.cloudwatch_dashboard:
    name: dbops-rotation
    body:
      widgets:
        - type: metric
          properties:
            title: Failed
            metrics: [[DbopsRotation, Failed, {stat: Sum}]]
            region: eu-central-1
    region: eu-central-1
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
  sample: "localhost: the dashboard dbops-rotation is as it should be"
client:
  description: The name for messages.
  returned: success
  type: str
  sample: localhost
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

from ..module_utils._module.dashboard import DASHBOARD


def main() -> None:
    DASHBOARD.context_module(AnsibleModule(supports_check_mode=True, **DASHBOARD.validation()))


if __name__ == "__main__":
    main()
