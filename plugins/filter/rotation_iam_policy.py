# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_iam_policy
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Return the IAM policy of a duty, limited to the secrets, key, topic and log group of an account
description:
  - Returns the least privileges that a duty of this collection needs, as an IAM policy document. C(docs/iam.md) says
    what happens without each action.
  - Every statement requires TLS, except those on keys and those about calls that Lambda makes itself. The KMS key may
    be used only through Secrets Manager for the secrets with the prefix, and through SNS for notices.
  - No duty may delete a secret. Only V(native) may let Secrets Manager rotate it. Only V(provisioner) may change its
    resource policy.
positional: account, region
options:
  _input:
    description:
      - The duty. V(rotator) rotates, V(onboarder) brings clients under management, V(notifier) only sends notices,
        V(auditor) only reads metadata, V(restorer) backs up and restores, V(provisioner) runs
        C(playbooks/provision.yml) and C(playbooks/access.yml).
      - V(worker), V(sweeper) and V(resetter) are the roles of the Lambda functions. V(native) gives secrets to the
        rotation of Secrets Manager and takes them back.
    type: str
    choices: [rotator, onboarder, notifier, auditor, restorer, provisioner, worker, sweeper, resetter, native,
      offboarder]
    required: true
  account:
    description:
      - The AWS account of the secrets.
    type: str
    required: true
  region:
    description:
      - The AWS region of the secrets.
    type: str
    required: true
  partition:
    description:
      - The partition of AWS.
    type: str
    default: aws
  prefix:
    description:
      - The start of the names of the secrets.
    type: str
    default: clients/
  key_arn:
    description:
      - The KMS key of the secrets. Without it they have AWS's own key, which needs no permission.
    type: str
  topic_arn:
    description:
      - The SNS topic of the notices.
    type: str
  topic_key_arn:
    description:
      - The KMS key of the topic, if it is not O(key_arn), for example that of a topic in another account.
    type: str
  log_group:
    description:
      - The log group of the audit trail.
    type: str
  trail_log_group:
    description:
      - The log group to which CloudTrail writes. V(auditor) may read it.
    type: str
  client_roles:
    description:
      - ARNs of roles in the clients' own accounts that the duty may assume.
    type: list
    elements: str
    default: []
  fleet_role:
    description:
      - The role in whose account V(worker), V(sweeper) and V(resetter) find all secrets, if that is not their own.
    type: str
  source_secrets:
    description:
      - ARNs of secrets from which onboarding may take passwords.
    type: list
    elements: str
    default: []
  source_keys:
    description:
      - ARNs of the KMS keys of O(source_secrets), unless they are AWS's own.
    type: list
    elements: str
    default: []
  replica_keys:
    description:
      - ARNs of KMS keys that encrypt replicas of the secrets in other regions.
    type: list
    elements: str
    default: []
  secret_tags:
    description:
      - Tags that a secret must have. Not for V(onboarder) and V(restorer), which create secrets.
    type: dict
    default: {}
  names:
    description:
      - The start of the names of roles, policies, alarms and so on that V(provisioner) may create and V(auditor) may
        read, and of the Lambda functions and their queues.
    type: str
    default: dbops-rotation
  parameter:
    description:
      - The parameter in Parameter Store that V(provisioner) may create. Every duty may read all parameters below the
        same path.
    type: str
  function_parameters:
    description:
      - The parameters of Parameter Store that V(worker) and V(sweeper) may read; V(*) is a wildcard.
    type: list
    elements: str
    default: []
  in_vpc:
    description:
      - Whether the function of V(worker) is in a VPC, where it has network interfaces.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show the policy of the rotator
  ansible.builtin.debug:
    msg: >-
      {{ 'rotator' | dbops.rotation.rotation_iam_policy('123456789012', 'eu-central-1', log_group='/dbops/rotation') }}
"""

RETURN = r"""
_value:
  description: The policy document.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._iam.grants import GRANTS
from ..module_utils._iam.policies import Document, Scope, policy

LISTS = ("client_roles", "function_parameters", "replica_keys", "source_keys", "source_secrets")


def iam_policy(duty: str, account: str, region: str, **limits: Any) -> Document:
    """Return the policy document of a duty."""
    if duty not in GRANTS:
        raise AnsibleFilterError(f"rotation_iam_policy knows no duty {duty!r}; it knows {', '.join(GRANTS)}.")
    options: dict[str, Any] = {
        name: tuple(value) if name in LISTS else value for name, value in limits.items() if value
    }
    try:
        scope = Scope(account, region, **options)
    except TypeError:
        unknown = sorted(set(options) - set(Scope.__dataclass_fields__))
        raise AnsibleFilterError(f"rotation_iam_policy has no option {', '.join(unknown)}.") from None
    return policy(duty, scope)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rotation_iam_policy": iam_policy}
