#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_notice
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Send a notice about a rotation by SNS
description:
  - Publishes one notice to an SNS topic. The message has a text for mail, a short text for telephones, and JSON for
    queues, functions and web hooks.
  - Subscriptions can filter by the message attributes C(client), C(event), C(environment), C(trigger), C(severity)
    (V(info), V(warning), V(critical)) and C(notice_id). An attribute without a value is left out.
  - The tag C(rotation/notified) of the client's secret records what was sent, so that a notice arrives once. It arrives
    twice after a crash between the message and the tag, or if another run reads the tag in between. Then both have the
    same C(notice_id).
  - Trouble with SNS or with the tag is a warning, never a failure. Check RV(delivered).
notes:
  - Needs C(sns:Publish) on the topic, and C(secretsmanager:DescribeSecret) and C(secretsmanager:TagResource) on the
    secret. A topic with a KMS key of your own also needs C(kms:GenerateDataKey) and C(kms:Decrypt) on that key.
  - The topic's region comes from its ARN. A FIFO topic gets one message group for each client.
  - The caller has to make sure that no text has a password.
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
      - Makes no call to AWS. Returns what would be sent.
  diff_mode:
    description: Will return details on what has changed or, in check mode, would change.
    support: none
options:
  event:
    description:
      - What happened. V(upcoming) announces a rotation and needs O(due) and O(notice_days), V(rotated) needs
        O(version_id), V(overdue) needs O(due), V(offboarded) needs O(deletion_date).
      - V(offboarded) is not marked as sent, because a deleted secret takes no tag.
    type: str
    choices: [upcoming, rotated, failed, overdue, offboarded]
    required: true
  details:
    description:
      - The options from O(trigger) to O(next_step) as one dictionary, such as an entry of
        RV(dbops.rotation.rotation_cycle_info#module:pending_notices) or the result of
        M(dbops.rotation.secretsmanager_mysql_rotate). Other keys are ignored. An option of the task has priority.
    type: dict
    version_added: 0.2.0
  template:
    description:
      - A Jinja template of the text for people, in the search path of M(ansible.builtin.template). It can use all
        variables. If it fails, a warning says why, and the text is a plain one.
    type: str
    version_added: 0.2.0
  client_options:
    description:
      - The name of a variable with the options of each host as a dictionary, for a handler with C(run_once). The action
        then sends the notice of every host that notified the handler, each with the options that this variable has for
        that host. Other options of the task are ignored, but C(from_variables) counts for every host.
      - A host whose dictionary is empty, or has an empty O(topic_arn), has no notice. Neither has one with
        O(event=rotated) whose O(details) are the result of a run that gave no new password.
      - The result then has RV(results), one for each notice. A notice that fails is a warning, and no other one is
        affected. With a strategy that does not honour C(run_once), each host sends its own.
    type: str
    version_added: 0.2.0
  topic_arn:
    description:
      - ARN of the SNS topic.
    type: str
    required: true
  environment:
    description:
      - A word for filter policies, such as V(production).
    type: str
  trigger:
    description:
      - Why the rotation ran or will run.
    type: str
    default: scheduled
    choices: [scheduled, on_demand, recovery, rollback, onboarding]
  reason:
    description:
      - The reason, cut to one line of 200 characters.
    type: str
  requested_by:
    description:
      - Who asked for the rotation.
    type: str
  version_id:
    description:
      - The version that is C(AWSCURRENT) now.
    type: str
  previous_version_id:
    description:
      - The version that was C(AWSCURRENT) before.
    type: str
  last:
    description:
      - When the password was changed.
    type: str
  due:
    description:
      - When the next change is due.
    type: str
  expected:
    description:
      - When a scheduled run will probably change the password.
    type: str
  days_left:
    description:
      - Whole days until the due date. Negative if it has passed.
    type: int
  notice_days:
    description:
      - How many days before the rotation this notice is sent.
    type: int
  failures:
    description:
      - The number of this failure in a row, from M(dbops.rotation.rotation_cycle). Failures after the due date, and
        from the third one in a row on, are V(critical).
    type: int
  failed_at:
    description:
      - When it failed, from M(dbops.rotation.rotation_cycle). By default now.
    type: str
  step:
    description:
      - The step that failed.
    type: str
  code:
    description:
      - The kind of failure.
    type: str
  cause:
    description:
      - What went wrong.
    type: str
  state_left:
    description:
      - The state left.
    type: str
  next_step:
    description:
      - What to do.
    type: str
  deletion_date:
    description:
      - Until when the deleted secret can be restored.
    type: str
    version_added: 0.2.0
  subject:
    description:
      - The subject of the mail, converted to the form of SNS (ASCII, under 100 characters). By default a short one.
    type: str
  text:
    description:
      - The text of the mail, at most 20000 characters. By default a plain one.
    type: str
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.rotation_cycle_info
  - name: Amazon SNS subscription filter policies
    description: How a subscriber gets only some of the notices.
    link: https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
"""

EXAMPLES = r"""
- name: Send a notice that a password was changed
  dbops.rotation.rotation_notice:
    event: rotated
    secret_id: clients/client_acme/mysql/root
    topic_arn: arn:aws:sns:eu-central-1:123456789012:rotation
    environment: production
    trigger: on_demand
    reason: "CHG-1042: left the company"
    version_id: 5f0f3a4e-6b1c-4d5a-9a3b-0d5a0b1f2c3d
    due: "2027-01-02T03:00:00Z"

- name: Show what would be sent
  dbops.rotation.rotation_notice:
    event: upcoming
    secret_id: clients/client_globex/mysql/root
    topic_arn: arn:aws:sns:eu-central-1:123456789012:rotation
    due: "2027-01-02T03:00:00Z"
    notice_days: 7
  check_mode: true

# In handlers/main.yml; host_vars have the options of each host in notice_of_this_host.
- name: Send a notice for every host that notified this handler
  dbops.rotation.rotation_notice:
    client_options: notice_of_this_host
  run_once: true
"""

RETURN = r"""
msg:
  description: What happened, in one sentence.
  returned: always
  type: str
  sample: "client_acme: the notice 'rotated' was sent: Password changed: client_acme"
results:
  description: The result of each notice, where O(client_options) has led to several.
  returned: several notices
  type: list
  elements: dict
delivered:
  description: Whether SNS has the notice, from this run or an earlier one. Always V(false) in check mode.
  returned: success
  type: bool
  sample: true
message_id:
  description: The id of the message in SNS, if this run sent it.
  returned: success
  type: str
  sample: 8f1f9b0e-5a0f-4c3e-9b0a-2f6f6f5d1c11
client:
  description: The client's name.
  returned: success
  type: str
  sample: client_acme
event:
  description: The event.
  returned: success
  type: str
  sample: rotated
notice_id:
  description: The id by which a consumer recognizes a notice that arrives twice.
  returned: success
  type: str
  sample: 3f6c0d0f0e0b5a1f9d1b1c7f4a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b
subject:
  description: The subject, as SNS gets it.
  returned: success
  type: str
  sample: "Password changed: client_acme"
attributes:
  description: The message attributes.
  returned: success
  type: dict
  sample: {client: client_acme, event: rotated, environment: production, trigger: on_demand, severity: info}
body:
  description:
    - The body for programs. Queues, functions and web hooks get it as JSON.
    - Every notice has every key, V(null) if it does not apply. A C(schema) may get new keys.
  returned: success
  type: dict
  contains:
    schema:
      description: Name and version of this form.
      type: str
      sample: dbops.rotation/notice/1
    id:
      description: The same as RV(notice_id).
      type: str
    event:
      description: The event.
      type: str
    severity:
      description: V(info), V(warning) or V(critical).
      type: str
    time:
      description: The time of the notice.
      type: str
      sample: "2026-11-23T03:00:00Z"
    client:
      description: The client.
      type: str
    secret_id:
      description: The secret, as the task names it.
      type: str
    environment:
      description: The environment.
      type: str
    trigger:
      description: Why the rotation ran.
      type: str
    reason:
      description: The reason.
      type: str
    requested_by:
      description: Who asked for the rotation.
      type: str
    version_id:
      description: The version under AWSCURRENT.
      type: str
    previous_version_id:
      description: The version before.
      type: str
    last:
      description: When the password was changed.
      type: str
    due:
      description: When the next change is due.
      type: str
    expected:
      description: When a scheduled run will probably change the password.
      type: str
    days_left:
      description: Whole days until the due date.
      type: int
    notice_days:
      description: How many days before the rotation the notice is sent.
      type: int
    failures:
      description: The number of this failure in a row. V(0) if there is none, or it could not be counted.
      type: int
    failed_at:
      description: When it failed.
      type: str
    step:
      description: The step that failed.
      type: str
    code:
      description: The kind of failure.
      type: str
    cause:
      description: What went wrong.
      type: str
    state_left:
      description: The state left.
      type: str
    next_step:
      description: What to do next.
      type: str
    deletion_date:
      description: Until when the deleted secret can be restored.
      type: str
text:
  description: The text of the mail.
  returned: success
  type: str
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

from ..module_utils._module.notice import NOTICE


def main() -> None:
    NOTICE.context_module(AnsibleModule(supports_check_mode=True, **NOTICE.validation()))


if __name__ == "__main__":
    main()
