#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_report
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Write the state and the history of a fleet to a page
description:
  - Writes one HTML file that needs no network, with figures, a calendar, a timeline, and a table with the history of
    each client. C(docs/report.md) of the collection describes it.
  - Its sources are what M(dbops.rotation.rotation_cycle_info) returned for each client, and the events that the
    callback P(dbops.rotation.rotation_audit#callback) wrote, in the log group of CloudWatch Logs and in the spool on
    this machine. Reads no secret value.
  - Replaces the file in one step. Leaves it as it is if it is a page of the same day (UTC) and nothing has changed
    since.
  - The task should be C(run_once). It runs on the controller only.
notes:
  - Without an option for the access to AWS, the access is that of the callback.
  - Needs C(logs:FilterLogEvents) on the log group.
  - This module reads no secret and does not connect to the database. It accepts these options, so that one
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
  diff_mode:
    description: Will return details on what has changed or, in check mode, would change.
    support: full
    details:
      - One line for each client, not the HTML.
  async:
    support: none
    details:
      - It needs files of the collection that only the controller has.
options:
  path:
    description:
      - The file. Its folder has to exist.
    type: path
    required: true
  mode:
    description:
      - The permissions of the file, as octal digits in quotes.
    type: str
    default: "0600"
  states:
    description:
      - A dictionary of hosts with what M(dbops.rotation.rotation_cycle_info) returned for them. A failed result is a
        client that cannot be read.
    type: dict
    required: true
  groups:
    description:
      - A dictionary of groups with their hosts. The table can be filtered by them. V(all), V(ungrouped) and groups
        whose name begins with C(rotation_) are left out.
    type: dict
    default: {}
  days:
    description:
      - How many days of the past are in the report, at most 3660.
    type: int
    default: 400
  evidence:
    description:
      - The file C(evidence.json) of M(dbops.rotation.rotation_evidence), whose exceptions the page shows.
    type: path
  source:
    description:
      - Where to read the events.
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
requirements:
  - vl-convert-python 1.9
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.rotation_cycle_info
  - module: dbops.rotation.rotation_history_info
"""

EXAMPLES = r"""
- name: Report on the fleet, where each host has its state in the variable state
  dbops.rotation.rotation_report:
    secret_id: clients/{{ inventory_hostname }}/mysql/root
    path: /srv/reports/fleet.html
    mode: "0640"
    states: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'state'))) }}"
    groups: "{{ groups }}"
    log_group: /dbops/rotation
    region: eu-central-1
  run_once: true
"""

RETURN = r"""
msg:
  description: What was written, the state of the fleet in a sentence, and the digest.
  returned: always
  type: str
  sample: >-
    The report /srv/reports/fleet.html is written. All 3 clients are healthy. SHA-256 of its data:
    9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
path:
  description: The file.
  returned: success
  type: str
  sample: /srv/reports/fleet.html
digest:
  description: The SHA-256 of the data in the page, which stands at the foot of each printed page.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
figures:
  description: The figures at a glance.
  returned: success
  type: dict
  sample:
    clients: 3
    healthy: 3
    due_in_7_days: 1
    overdue: 0
    failing: 0
    unfinished: 0
    paused: 0
    unreadable: 0
    oldest_client: client_acme
    oldest_days: 39
    due_dates: 27
    due_dates_kept: 27
error:
  description: The parts of a failure.
  returned: failure
  type: dict
  contains:
    client:
      description: The name of the file.
      type: str
    step:
      description: The step at which the run stopped.
      type: str
      sample: write
    code:
      description: A fixed word for the kind of failure, for programs.
      type: str
      sample: report_file
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
