# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_fleet_status
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Write the state of a fleet as a table, as JSON or as CSV
description:
  - Takes the results of M(dbops.rotation.rotation_cycle_info) for all clients. Returns one text with a line for each
    client, the most urgent first.
options:
  _input:
    description:
      - A dictionary of clients with their results.
    type: dict
    required: true
  form:
    description:
      - V(table) is for people, V(json) and V(csv) are for programs.
    type: str
    choices: [table, json, csv]
    default: table
  width:
    description:
      - How wide a table may be. V(0) is no limit. If it has no room, columns are left out, empty ones first, and the
        last line says which.
    type: int
    default: 0
    version_added: 0.2.0
seealso:
  - module: dbops.rotation.rotation_cycle_info
"""

EXAMPLES = r"""
- name: Show the fleet
  ansible.builtin.debug:
    msg: "{{ {'client_acme': acme_state} | dbops.rotation.rotation_fleet_status(form='csv') }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ..plugin_utils._fleet_table import fleet_status


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rotation_fleet_status": fleet_status}
