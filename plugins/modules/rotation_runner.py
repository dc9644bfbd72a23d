#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_runner
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Say whose schedule visits a client, the playbooks' or the Lambda functions'
description:
  - Writes the tag C(rotation/runner) on the client's secret, and keeps the parameter from which the functions take what
    holds for this client alone. The password and the server are not touched.
  - A client that was never left to the functions has neither, and nothing is written for O(runner=ansible).
  - No sweep of the functions meets a client without its parameter, whenever a run is cut off. The next one finishes.
  - Rotations that somebody asks for work on both kinds of clients, by a playbook as by an event.
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
      - The tags and the parameter are shown.
options:
  client:
    description:
      - The client's name, for messages, the tag and the parameter. In a play it is the name of the host.
    type: str
  secret_id:
    description:
      - Name or ARN of the secret.
    type: str
    required: true
  runner:
    description:
      - V(lambda) leaves the client to the sweep of the functions, and scheduled playbooks leave it alone.
      - V(ansible) is the other way round, and deletes the parameter.
    type: str
    choices: [ansible, lambda]
    default: ansible
  settings:
    description:
      - Options of the client, named as in M(dbops.rotation.secretsmanager_mysql_rotate),
        M(dbops.rotation.rotation_cycle_info) and M(dbops.rotation.rotation_notice). Those that differ from the defaults
        become the parameter, and what was in it is overwritten. For O(runner=ansible) they do not count.
      - What is asked for in one run, access to AWS but for a role, C(tls_ca_file) and C(write_share) are left out,
        because the functions have their own.
      - C(hooks), C(jump_host) and C(unix_socket) are refused, because no function can use them.
    type: dict
    default: {}
  client_parameters:
    description:
      - The path of the clients' parameters, as C(ROTATION_CLIENT_PARAMETERS) in the environment of the functions. They
        are in the region of the secret and in the account of whoever runs the task, not in that of O(assume_role_arn).
    type: str
    default: /dbops/rotation/clients/
notes:
  - The options of the connection to the database are taken so that one C(module_defaults) serves a whole play. This
    module does not connect to it.
  - It needs C(secretsmanager:DescribeSecret) and C(secretsmanager:TagResource), and for the parameter
    C(ssm:GetParameters), C(ssm:PutParameter) and C(ssm:DeleteParameter).
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.rotation_native
  - module: dbops.rotation.rotation_cycle_info
"""

EXAMPLES = r"""
- name: Leave client_acme to the Lambda functions
  dbops.rotation.rotation_runner:
    client: client_acme
    secret_id: clients/client_acme/mysql/root
    region: eu-central-1
    runner: lambda
    settings:
      overlap: 3600
      freezes:
        - from: "2026-12-20"
          to: "2027-01-02"
          reason: year end
          timezone: Europe/Berlin

- name: Take it back to the playbooks
  dbops.rotation.rotation_runner:
    client: client_acme
    secret_id: clients/client_acme/mysql/root
    region: eu-central-1
    runner: ansible
"""

RETURN = r"""
msg:
  description: Who runs the client, in one sentence.
  returned: always
  type: str
  sample: "client_acme: runs as a function, with rotation_overlap in /dbops/rotation/clients/client_acme"
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
runner:
  description: Whose schedule visits the client or, in check mode, would.
  returned: success
  type: str
  sample: lambda
parameter:
  description: Name of the client's parameter; empty where it needs none.
  returned: success
  type: str
  sample: /dbops/rotation/clients/client_acme
settings:
  description: What the parameter says or, in check mode, would say.
  returned: success
  type: dict
  sample: {rotation_overlap: 3600}
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

from ..module_utils._lambda.runner import RUNNER


def main() -> None:
    RUNNER.context_module(AnsibleModule(supports_check_mode=True, **RUNNER.validation()))


if __name__ == "__main__":
    main()
