#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sns_logs_encryption
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Encrypt an SNS topic and a log group of CloudWatch Logs with a KMS key
description:
  - Sets the key of an SNS topic, which M(community.aws.sns_topic) cannot do. Sets the key of an existing log group,
    which M(amazon.aws.cloudwatchlogs_log_group) does only for a new one.
  - The key's policy must allow two services to use it. Without C(cloudwatch.amazonaws.com), alarms to the topic are
    lost without a message. Without C(logs.<region>.amazonaws.com), CloudWatch Logs refuses the key. The role
    P(dbops.rotation.rotation_provision#role) writes such a policy.
  - Encrypts new events of a log group. Old events stay as they are.
  - In check mode a missing topic or log group counts as not encrypted.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._aws
options:
  client:
    description:
      - A name for messages. By default the name of the inventory host.
    type: str
    default: account
  kms_key_arn:
    description:
      - ARN of the key. Both services accept only symmetric keys.
    type: str
    required: true
  topic_arn:
    description:
      - ARN of the topic.
      - At least one of O(topic_arn) and O(log_group) is required.
    type: str
  log_group:
    description:
      - Name of the log group.
    type: str
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
"""

EXAMPLES = r"""
- name: Encrypt notices and the audit trail
  dbops.rotation.sns_logs_encryption:
    kms_key_arn: arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
    topic_arn: arn:aws:sns:eu-central-1:123456789012:dbops-rotation
    log_group: /dbops/rotation
    region: eu-central-1
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
  sample: "localhost: all is encrypted already"
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
      description: The state left.
      type: str
    next_step:
      description: What to do next.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._module.encryption import ENCRYPTION


def main() -> None:
    ENCRYPTION.context_module(AnsibleModule(supports_check_mode=True, **ENCRYPTION.validation()))


if __name__ == "__main__":
    main()
