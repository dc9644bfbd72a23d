# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_notice_of_failure
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Return the details of the notice of a failed rotation
description:
  - Takes the C(error) of a failed task. Returns O(dbops.rotation.rotation_notice#module:details) of the notice.
positional: counted, trigger, requested_by
options:
  _input:
    description:
      - The parts of the failure, C(step), C(code), C(cause), C(state) and C(next_step).
    type: dict
    required: true
  counted:
    description:
      - The result of M(dbops.rotation.rotation_cycle) that counted the failure.
    type: dict
    required: true
  trigger:
    description:
      - Why the rotation ran.
    type: str
    required: true
  requested_by:
    description:
      - Who asked for the rotation.
    type: str
    required: true
seealso:
  - module: dbops.rotation.rotation_notice
"""

EXAMPLES = r"""
- name: Send a notice that the password could not be changed
  dbops.rotation.rotation_notice:
    event: failed
    secret_id: clients/client_acme/mysql/root
    topic_arn: arn:aws:sns:eu-central-1:123456789012:dbops-rotation
    details: "{{ receipt.error | dbops.rotation.rotation_notice_of_failure(counted, 'on_demand', 'alice') }}"
"""

RETURN = r"""
_value:
  description: The details.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ..module_utils._notice.details import of_failure


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"rotation_notice_of_failure": of_failure}
