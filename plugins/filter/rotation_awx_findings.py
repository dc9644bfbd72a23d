# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_awx_findings
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Check a configuration of AWX without calling AWX
description:
  - Finds calendars that AWX would refuse, playbooks that it would not list, questions and variables that the playbook
    does not read, and names that are not defined.
options:
  _input:
    description:
      - The configuration, as in the variables of the role P(dbops.rotation.rotation_awx#role). Its keys are
        C(job_templates), C(schedules), C(inventories), C(execute) and C(messages).
    type: dict
    required: true
  checkout:
    description:
      - The checkout with the playbooks, on the controller.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Refuse a configuration that AWX would not accept
  ansible.builtin.assert:
    that: written_down | dbops.rotation.rotation_awx_findings(checkout=playbook_dir ~ '/..') | length == 0
"""

RETURN = r"""
_value:
  description: One sentence for each finding. Empty if all is well.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..plugin_utils._awx_findings import findings


def awx_findings(written: Mapping[str, Any], checkout: str) -> list[str]:
    """Return what is wrong, sentence by sentence."""
    return list(findings(written, Path(checkout)))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rotation_awx_findings": awx_findings}
