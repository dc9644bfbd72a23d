#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_evidence
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Collect evidence about the rotation of a fleet in a period
description:
  - Writes what an auditor asks for to a folder, as C(evidence.json), as one CSV file for each table, and C(SHA256SUMS)
    with the digests of all of them. C(docs/compliance.md) of the collection says which control asks for what.
  - Clients that were offboarded within the period are in it. Other clients that the audit trail knows and O(states) has
    not are named as a source that was not read.
  - Its exceptions are passwords that were replaced after their due date or not at all, with the reason, failed
    rotations, versions of which the audit trail has no event, and reads by identities that the alarm C(stranger) does
    not know.
  - Its sources are what M(dbops.rotation.rotation_cycle_info) and M(dbops.rotation.secretsmanager_policy_info) returned
    for each client, the events that the callback P(dbops.rotation.rotation_audit#callback) wrote, alarms of CloudWatch,
    roles of IAM, and the log group of CloudTrail. Reads no secret value.
  - Fails if the cycle of a client or the audit trail cannot be read. Any other source that cannot be read is named in
    the evidence, with the reason, and in a warning.
  - Replaces the files together, with mode 0600. Leaves them as they are if they are of the same day (UTC) and nothing
    has changed since.
  - The task should be C(run_once). It runs on the controller only.
notes:
  - Without an option for the access to AWS, the access is that of the callback, whose C(endpoint_url) is for CloudWatch
    Logs alone.
  - Needs C(logs:FilterLogEvents) on the log group and on that of CloudTrail, C(logs:DescribeMetricFilters),
    C(cloudwatch:DescribeAlarms), C(iam:GetRole), C(iam:ListAttachedRolePolicies), C(iam:ListRolePolicies),
    C(iam:GetRolePolicy), C(iam:GetPolicy) and C(iam:GetPolicyVersion).
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
      - One line for each exception, not the files.
  async:
    support: none
    details:
      - It needs files of the collection that only the controller has.
options:
  path:
    description:
      - The folder of the files. It has to exist.
    type: path
    required: true
  from:
    description:
      - The first day of the period (UTC). By default 400 days before O(to).
    type: str
  to:
    description:
      - The last day of the period (UTC). By default today, as far as it is over.
    type: str
  states:
    description:
      - A dictionary of hosts with what M(dbops.rotation.rotation_cycle_info) returned for them.
    type: dict
    required: true
  policies:
    description:
      - A dictionary of hosts with what M(dbops.rotation.secretsmanager_policy_info) returned for them. A failed result
        is a policy that could not be read.
    type: dict
    default: {}
  names:
    description:
      - The start of the names of alarms and roles, C(rotation_provision_name) of C(playbooks/provision.yml).
    type: str
    default: dbops-rotation
  trail_log_group:
    description:
      - The log group to which CloudTrail writes. Unexpected readers are looked for with the pattern of the metric
        filter that the alarm C(stranger) has there now.
    type: str
  source:
    description:
      - Where to read the events.
      - V(auto) reads the spool, and the log group if there is one.
      - V(spool) and V(logs) read one of them.
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
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.rotation_cycle_info
  - module: dbops.rotation.secretsmanager_policy_info
  - module: dbops.rotation.rotation_report
"""

EXAMPLES = r"""
- name: Collect the evidence of a quarter, where each host has its state and its policy in variables
  dbops.rotation.rotation_evidence:
    secret_id: clients/{{ inventory_hostname }}/mysql/root
    path: /srv/evidence/2026-q4
    from: "2026-10-01"
    to: "2026-12-31"
    states: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'state'))) }}"
    policies: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'policy'))) }}"
    log_group: /dbops/rotation
    trail_log_group: /cloudtrail
    region: eu-central-1
  run_once: true
"""

RETURN = r"""
msg:
  description: What was written, the exceptions in a sentence, and the digest.
  returned: always
  type: str
  sample: >-
    The evidence /srv/evidence/2026-q4 is written. From 2026-10-01 to 2026-12-31 6 of 7 due dates were kept; exceptions:
    1 late. SHA-256 of evidence.json: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
path:
  description: The folder.
  returned: success
  type: str
  sample: /srv/evidence/2026-q4
digest:
  description: The SHA-256 of C(evidence.json).
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
exceptions:
  description: What was not as it has to be.
  returned: success
  type: list
  elements: dict
  sample:
    - kind: late
      client: client_acme
      since: "2026-11-02T03:00:00Z"
      until: "2026-11-05T03:00:04Z"
      days: 3.0
      times: 1
      reason: "failed: connection_failed (3 times)"
not_read:
  description: The sources that could not be read, each with the reason.
  returned: success
  type: list
  elements: str
  sample: ["alarms: not read: AWS does not allow this identity to list the alarms."]
error:
  description: The parts of a failure.
  returned: failure
  type: dict
  contains:
    client:
      description: The name of the folder.
      type: str
    step:
      description: The step at which the run stopped.
      type: str
      sample: write
    code:
      description: A fixed word for the kind of failure, for programs.
      type: str
      sample: evidence_file
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
