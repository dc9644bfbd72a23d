#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_cycle
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Start, repair or reset the rotation cycle of a client
description:
  - Writes the cycle of a client to the tags of its secret. Reads no secret value, and changes no password.
  - Replaces missing or invalid tags, counted from the age of the version under C(AWSCURRENT), and warns.
  - Fails if the due date is further ahead than any run sets it. A reset repairs that.
notes:
  - This module does not connect to the database. It accepts the options of that connection, so that one
    C(module_defaults) is enough for a play.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._calendar
  - dbops.rotation._database
  - dbops.rotation._aws
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - Describes the secret, and predicts from what it finds. Changes nothing.
  diff_mode:
    description: Will return details on what has changed or, in check mode, would change.
    support: full
    details:
      - Shows the tags of the cycle.
options:
  state:
    description:
      - V(present) starts the cycle of a client that has none. The name of the client decides where in the cycle its
        first due date lies, so that clients of one onboarding are not all due on one day. V(present) also repairs tags,
        and counts the due date again if O(cycle_days) has changed.
      - V(reset) counts from now, for a password that was changed in another way. It requires O(reason).
      - V(failed) counts one more failed rotation in a row, before the notice. Trouble with that is a warning.
    type: str
    choices: [present, reset, failed]
    default: present
  reason:
    description:
      - Why the cycle is reset, in one line of at most 200 characters. It is not stored on the secret.
    type: str
  step:
    description:
      - The step at which a rotation failed, for O(state=failed).
    type: str
    default: ''
  code:
    description:
      - The kind of failure, for O(state=failed).
    type: str
    default: ''
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.rotation_cycle_info
  - module: dbops.rotation.secretsmanager_mysql_rotate
"""

EXAMPLES = r"""
- name: Start the cycle of a client, or give it another length
  dbops.rotation.rotation_cycle:
    secret_id: clients/{{ inventory_hostname }}/mysql/root
    region: eu-central-1
    cycle_days: 30

- name: Count from now, because the password was changed by hand
  dbops.rotation.rotation_cycle:
    secret_id: clients/client_acme/mysql/root
    state: reset
    reason: "CHG-1042: changed at the console"

- name: Show which tags would be written
  dbops.rotation.rotation_cycle:
    secret_id: clients/client_globex/mysql/root
  check_mode: true
  diff: true
"""

RETURN = r"""
msg:
  description: What happened, in one sentence.
  returned: always
  type: str
  sample: "client_acme: the cycle ends 2027-01-02T03:00:00Z"
client:
  description: The client's name.
  returned: success
  type: str
  sample: client_acme
secret_id:
  description: The secret.
  returned: when the secret could be read
  type: str
  sample: clients/client_acme/mysql/root
last:
  description: When the password was changed, as the tag of the secret now has it.
  returned: when the secret could be read
  type: str
  sample: "2026-11-23T03:00:00Z"
due:
  description: When the next change is due, as the tag of the secret now has it.
  returned: when the secret could be read
  type: str
  sample: "2027-01-02T03:00:00Z"
cycle_days:
  description: Days from one rotation to the next.
  returned: when the secret could be read
  type: int
  sample: 40
state:
  description: What was requested.
  returned: success
  type: str
  sample: present
step:
  description: At which step the rotation failed.
  returned: when O(state=failed)
  type: str
  sample: open
code:
  description: The code of the failure.
  returned: when O(state=failed)
  type: str
  sample: login_refused
failures:
  description: How many rotations failed in a row. V(0) also if a failure could not be counted.
  returned: success
  type: int
  sample: 0
failed_at:
  description: When the last of them failed.
  returned: success
  type: str
  sample: "2026-11-23T03:00:00Z"
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
      sample: invalid_option
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

from ..module_utils._module.cycle import CYCLE


def main() -> None:
    CYCLE.context_module(AnsibleModule(supports_check_mode=True, **CYCLE.validation()))


if __name__ == "__main__":
    main()
