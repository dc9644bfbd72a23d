#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_mysql_offboard
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Take a client out of management and delete its secret, with a way back
description:
  - Takes away what rotation has put around the secret. That is our part of the resource policy, Secrets Manager's own
    rotation by our function, replicas, the client's parameter, and the tags C(rotation/...). Then schedules the secret
    for deletion. Statements of others, and tags that do not begin with C(rotation/), stay.
  - Two tags stay on the deleted secret. C(rotation/client) says whose it was. By C(rotation/offboarded) scheduled runs
    know that it is no accident; it has the time, and the version that was C(AWSCURRENT).
  - Never connects to the database, and reads passwords only to compare them with O(reason). Whoever needs the password
    later exports it first, with M(dbops.rotation.secretsmanager_mysql_backup).
  - Every run that was cut off is finished by the next one. A secret that is scheduled for deletion already, or is gone,
    is no failure. It is a warning if an offboarding did not delete it, if another version is C(AWSCURRENT) than then,
    and if there is no such secret.
  - Refuses a secret that was rotated last for a client of another name, or never.
  - Refuses a rotation that is under way or unfinished, and an old password that is still valid beside the new one. If a
    rotation begins in the last moment, the deletion is cancelled.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._prompt
  - dbops.rotation._database
  - dbops.rotation._aws
attributes:
  diff_mode:
    description: Will return details on what has changed or, in check mode, would change.
    support: full
    details:
      - The policy, the rotation, the replicas, the parameter, the tags and the deletion are shown.
options:
  client:
    description:
      - The client's name, for messages and the parameter. In a play it is the name of the host.
    type: str
  secret_id:
    description:
      - Name or ARN of the secret.
    type: str
    required: true
  confirm:
    description:
      - Names of clients that a person has typed. Unless O(client) is one of them, nothing is changed.
    type: list
    elements: str
    default: []
  prompt:
    description:
      - Ask for the name at the terminal if O(confirm) is empty.
      - A job of AWX fails instead.
    type: bool
    default: false
  recovery_window:
    description:
      - Days, from 7 to 30, for which the deleted secret can be restored. A deletion without this window is not offered.
    type: int
    default: 30
  version_id:
    description:
      - The version that was exported or rotated last. If C(AWSCURRENT) is another one, nothing is changed.
    type: str
  client_parameters:
    description:
      - The path of the clients' parameters, as C(ROTATION_CLIENT_PARAMETERS) in the environment of the functions. They
        are in the region of the secret and in the account of whoever runs the task, not in that of O(assume_role_arn).
    type: str
    default: /dbops/rotation/clients/
  reason:
    description:
      - Why the client leaves, in one line of at most 200 characters that contains no password of the client.
    type: str
    default: ""
  requested_by:
    description:
      - Who asked for it.
    type: str
notes:
  - The options of the connection to the database are taken so that one C(module_defaults) serves a whole play. This
    module does not connect to it.
  - Undo it before the deletion date with C(aws secretsmanager restore-secret) and
    M(dbops.rotation.secretsmanager_mysql_onboard).
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.secretsmanager_mysql_onboard
  - module: dbops.rotation.secretsmanager_mysql_backup
"""

EXAMPLES = r"""
- name: Show what would be taken away from client_acme
  dbops.rotation.secretsmanager_mysql_offboard:
    client: client_acme
    secret_id: clients/client_acme/mysql/root
    region: eu-central-1
    confirm: [client_acme]
  check_mode: true
  diff: true

- name: Offboard client_acme, with a week to change one's mind
  dbops.rotation.secretsmanager_mysql_offboard:
    client: client_acme
    secret_id: clients/client_acme/mysql/root
    region: eu-central-1
    confirm: [client_acme]
    recovery_window: 7
    reason: "CHG-2077: contract ended"
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
  sample: "client_acme: the tags of the rotation taken away; the secret is scheduled for deletion, and can be restored
    until 2027-01-02T03:00:00Z"
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
version_id:
  description: The version under C(AWSCURRENT). Empty if there is no secret any more.
  returned: success
  type: str
  sample: 5f0f3a4e-6b1c-4d5a-9a3b-0d5a0b1f2c3d
reason:
  description: Why the client leaves.
  returned: success
  type: str
  sample: "CHG-2077: contract ended"
requested_by:
  description: Who asked for it.
  returned: success
  type: str
  sample: alice
there:
  description: Whether the secret was there when the task began, neither gone nor scheduled for deletion.
  returned: success
  type: bool
  sample: true
taken_away:
  description: What was taken away or, in check mode, would be.
  returned: success
  type: list
  elements: str
  sample: [the resource policy, the tags of the rotation]
deletion_date:
  description: Until when the secret can be restored. Empty if there is no secret any more.
  returned: success
  type: str
  sample: "2027-01-02T03:00:00Z"
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
      sample: prepare
    code:
      description: A fixed word for the kind of failure, for programs.
      type: str
      sample: not_confirmed
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

from ..module_utils._module.offboard import OFFBOARD


def main() -> None:
    OFFBOARD.context_module(AnsibleModule(supports_check_mode=True, **OFFBOARD.validation()))


if __name__ == "__main__":
    main()
