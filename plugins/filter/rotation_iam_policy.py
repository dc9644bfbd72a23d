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
  - Returns the least privileges that a duty of this collection needs, as an IAM policy document. C(docs/iam.md)
    says what each action is for.
  - Statements ask for TLS. The KMS key may be used through Secrets Manager only, for the secrets with the prefix.
  - No duty may delete a secret, change its resource policy or have Secrets Manager rotate it.
positional: account, region
options:
  _input:
    description:
      - The duty. V(rotator) rotates, V(onboarder) brings clients under management, V(notifier) only tells people,
        V(auditor) only reads metadata, V(restorer) backs up and restores, V(provisioner) makes what
        C(playbooks/provision.yml) makes.
    type: str
    choices: [rotator, onboarder, notifier, auditor, restorer, provisioner]
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
      - What the names of the secrets begin with.
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
      - The KMS key of the topic, where it is not O(key_arn), as with a topic of another account.
    type: str
  log_group:
    description:
      - The log group of the audit trail.
    type: str
  client_roles:
    description:
      - ARNs of roles in the clients' own accounts that may be assumed.
    type: list
    elements: str
    default: []
  source_secrets:
    description:
      - ARNs of secrets from which passwords may be taken over at onboarding.
    type: list
    elements: str
    default: []
  source_keys:
    description:
      - ARNs of the KMS keys of O(source_secrets), where those are not AWS's own.
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
      - Tags that a secret must have; not asked of V(onboarder) and V(restorer), who create secrets.
    type: dict
    default: {}
  names:
    description:
      - What the names of the roles, policies, alarms and the like that V(provisioner) may make begin with.
    type: str
    default: dbops-rotation
  parameter:
    description:
      - The parameter of Parameter Store that V(provisioner) may make. All may read what is stored below the same path.
    type: str
"""

EXAMPLES = r"""
- name: Show what the role that rotates needs
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

LISTS = ("client_roles", "replica_keys", "source_keys", "source_secrets")


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
