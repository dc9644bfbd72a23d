#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_cycle_info
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Read the rotation cycle of a client, and what a scheduled run has to do
description:
  - Reads the tags and staging labels of a client's secret, but no value. Returns when the password was changed and is
    due, whether a scheduled run would rotate it now, and which notices are pending. Changes nothing.
notes:
  - This module does not connect to the database. It accepts the options of that connection, so that one
    C(module_defaults) is enough for a play.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._calendar
  - dbops.rotation._pause
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
  notice_days:
    description:
      - Days before a rotation on which people get a notice, once each. At most ten.
    type: list
    elements: int
    default: [7, 1]
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.rotation_cycle
  - module: dbops.rotation.rotation_notice
"""

EXAMPLES = r"""
- name: Read the cycle of every client in the play
  dbops.rotation.rotation_cycle_info:
    secret_id: clients/{{ inventory_hostname }}/mysql/root
    region: eu-central-1
    windows:
      - days: [mon, tue, wed, thu]
        from: "22:00"
        to: "04:00"
        timezone: Europe/Berlin
    freezes:
      - from: "2026-12-20"
        to: "2027-01-02"
        reason: year end
        timezone: Europe/Berlin
  register: state

- name: A client that scheduled runs leave alone
  dbops.rotation.rotation_cycle_info:
    secret_id: clients/client_acme/mysql/root
    paused:
      until: "2026-12-20"
      reason: migration
"""

RETURN = r"""
msg:
  description: The state in one sentence.
  returned: always
  type: str
  sample: "client_acme: due 2027-01-02T03:00:00Z"
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
arn:
  description: ARN of the secret.
  returned: success
  type: str
  sample: arn:aws:secretsmanager:eu-central-1:123456789012:secret:clients/client_acme/mysql/root-AbCdEf
version_id:
  description: Id of the version under AWSCURRENT.
  returned: success
  type: str
  sample: 5f0f3a4e-6b1c-4d5a-9a3b-0d5a0b1f2c3d
previous_version_id:
  description: Id of the version under AWSPREVIOUS, if there is one.
  returned: success
  type: str
  sample: 0b7c5d0e-2f61-4d0c-8f35-4c1f0a9e8d7b
trigger:
  description: Why the last rotation ran.
  returned: success
  type: str
  sample: scheduled
runner:
  description: Whose schedule visits the client, by the tag C(rotation/runner) of its secret. V(lambda) is the sweep of
    the Lambda functions, which also sends its notices.
  returned: success
  type: str
  sample: ansible
offboarded:
  description: Whether the client was offboarded and its secret waits for its deletion. Then nothing is due, dates are
    empty, and a warning says until when the client may stay in the inventory.
  returned: success
  type: bool
  sample: false
candidate:
  description: Whether a scheduled run of the playbooks has something to do with the client; never where it runs as a
    function.
  returned: success
  type: bool
  sample: false
work:
  description: The work of a scheduled run. V(rotate) changes the password, V(finish) finishes a rotation, V(discard)
    ends an old password after its overlap.
  returned: success
  type: list
  elements: str
  sample: [rotate]
last:
  description: When the password was changed.
  returned: success
  type: str
  sample: "2026-11-23T03:00:00Z"
due:
  description: When the next change is due.
  returned: success
  type: str
  sample: "2027-01-02T03:00:00Z"
expected:
  description: When a scheduled run will probably change the password, at the latest.
  returned: success
  type: str
  sample: "2027-01-01T03:00:00Z"
cycle_days:
  description: Days from one rotation to the next.
  returned: success
  type: int
  sample: 40
days_left:
  description: Whole days until the due date. Negative if it has passed.
  returned: success
  type: int
  sample: 39
overdue:
  description: Whether the due date passed more than five minutes ago.
  returned: success
  type: bool
  sample: false
due_now:
  description: Whether a scheduled run rotates the client now.
  returned: success
  type: bool
  sample: false
last_chance:
  description: Whether the scheduled run rotates the client early, because there is no later window before the due date.
  returned: success
  type: bool
  sample: false
waiting:
  description: Whether the client is due and waits for a window.
  returned: success
  type: bool
  sample: false
too_late:
  description: Whether the client will be overdue before a window opens or the pause ends.
  returned: success
  type: bool
  sample: false
window:
  description: Whether the client may be rotated now.
  returned: success
  type: dict
  contains:
    open:
      description: Whether a window is open and there is no freeze.
      type: bool
      sample: true
    closed_because:
      description: Why it is not open.
      type: str
      sample: changes are frozen (year end)
    opens:
      description: When a rotation is possible next, if not now.
      type: str
      sample: "2027-01-02T23:00:00Z"
paused:
  description: The end and the reason of the pause, if there is one.
  returned: success
  type: dict
  sample: {until: "2026-12-21T00:00:00Z", reason: migration}
unfinished:
  description: Whether a rotation is unfinished, or the tags name another version than that under AWSCURRENT.
  returned: success
  type: bool
  sample: false
overlap_until:
  description: Until when the old password stays valid, if there is an overlap.
  returned: success
  type: str
  sample: "2026-11-24T03:00:00Z"
failures:
  description: How many rotations failed in a row, and when, where and how the last one failed.
  returned: success
  type: dict
  contains:
    count:
      description: The number.
      type: int
      sample: 0
    at:
      description: When the last one failed.
      type: str
      sample: "2026-11-23T03:00:00Z"
    step:
      description: The step that failed.
      type: str
      sample: open
    code:
      description: A fixed word for the kind of failure.
      type: str
      sample: login_refused
pending_notices:
  description: The pending notices, as options of M(dbops.rotation.rotation_notice). None if the client runs as a
    Lambda function.
  returned: success
  type: list
  elements: dict
  sample:
    - {event: upcoming, notice_days: 7, days_left: 8, due: "2027-01-02T03:00:00Z", expected: "2027-01-01T03:00:00Z"}
possible_days:
  description: The days from today (0 is today) on which the client can be rotated in time, to spread the work of a
    fleet. Empty if the due date is far away.
  returned: success
  type: list
  elements: int
  sample: [0, 1, 2, 3]
calendar:
  description: On which days of the last cycle and the next it may be rotated, up to 90 days each way.
  returned: success
  type: dict
  contains:
    first:
      description: The first day.
      type: str
      sample: "2026-10-14"
    days:
      description: A letter for each day in UTC. C(o) if it may be rotated, C(f) if a freeze and C(w) if its windows
        forbid it. Empty if it has neither windows nor freezes.
      type: str
      sample: ooowwoooooww
lookahead_days:
  description: How many days ahead RV(possible_days) looks. For a client that is rotated early, C(rotate_due.yml) sets
    it as O(dbops.rotation.secretsmanager_mysql_rotate#module:bring_forward_days).
  returned: success
  type: int
  sample: 22
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

from ..module_utils._module.cycle_info import CYCLE_INFO


def main() -> None:
    CYCLE_INFO.context_module(AnsibleModule(supports_check_mode=True, **CYCLE_INFO.validation()))


if __name__ == "__main__":
    main()
