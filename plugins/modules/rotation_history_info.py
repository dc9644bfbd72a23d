#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_history_info
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Read the history of a client
description:
  - Reads the events of a client that the callback P(dbops.rotation.rotation_audit#callback) wrote, from the log group
    of CloudWatch Logs and from the spool on this machine. Returns each event once, the oldest first.
  - C(docs/audit.md) of the collection describes the events. Changes nothing.
notes:
  - Without an option for the access to AWS, the access is that of the callback.
  - Needs C(logs:FilterLogEvents) on the log group.
  - This module does not connect to the database. It accepts the options of that connection, so that one
    C(module_defaults) is enough for a play.
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
  source:
    description:
      - Where to read.
      - V(auto) reads the spool, and the log group if there is one. It warns if one of them cannot be read.
      - V(spool) and V(logs) read one of them, and fail if it cannot be read.
    type: str
    choices: [auto, spool, logs]
    default: auto
  log_group:
    description:
      - The log group. By default that of the callback.
    type: str
  spool:
    description:
      - The folder of the spool.
      - By default that of the callback.
    type: path
  since:
    description:
      - Only events from this day or moment on (ISO 8601). Without a time zone it is in UTC.
      - It makes the search in a large log group faster.
    type: str
  limit:
    description:
      - Return at most this number of events, the latest ones. V(0) returns all.
    type: int
    default: 50
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - plugin: dbops.rotation.rotation_audit
    plugin_type: callback
  - plugin: dbops.rotation.rotation_history
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read the history of every client in the play since November
  dbops.rotation.rotation_history_info:
    secret_id: clients/{{ inventory_hostname }}/mysql/root
    log_group: /dbops/rotation
    region: eu-central-1
    since: "2026-11-01"
  register: past
"""

RETURN = r"""
msg:
  description: How many events there are.
  returned: always
  type: str
  sample: "client_acme: 12 events"
client:
  description: The client's name.
  returned: success
  type: str
  sample: client_acme
events:
  description: The events, oldest first, as C(docs/audit.md) describes them.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 0b7c5d0e2f614d0c8f354c1f0a9e8d7b
      schema_version: 1
      source: dbops.rotation
      time: "2026-11-23T03:00:00.125Z"
      kind: rotation
      outcome: succeeded
      client: client_acme
      trigger: scheduled
      version_id: 5f0f3a4e-6b1c-4d5a-9a3b-0d5a0b1f2c3d
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
      sample: logs_refused
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

from ..module_utils._module.history import HISTORY


def main() -> None:
    HISTORY.context_module(AnsibleModule(supports_check_mode=True, **HISTORY.validation()))


if __name__ == "__main__":
    main()
