#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_table
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Show the state of a fleet, or the history of a client, as a table
description:
  - Prints the text between the lines of the run, not as a value in a result, so that a table keeps its form.
  - At a terminal a table is at most as wide as the terminal. If it has no room, columns are left out, empty ones first,
    and the table says which. A long text continues in more lines. Without a terminal, as in AWX or in a file, the table
    is as wide as it gets.
  - Prints nothing if the stdout callback writes for programs (C(json), C(jsonl)). The result then has RV(text).
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: none
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
options:
  states:
    description:
      - A dictionary of clients with the results of M(dbops.rotation.rotation_cycle_info).
      - Exactly one of O(states) and O(events) is required.
    type: dict
  events:
    description:
      - The events that M(dbops.rotation.rotation_history_info) returned.
    type: list
    elements: dict
  form:
    description:
      - V(table) is for people. V(json), and V(csv) for O(states), are for programs and are never cut.
    type: str
    default: table
notes:
  - It runs on the controller and connects to no host.
seealso:
  - plugin: dbops.rotation.rotation_fleet_status
    plugin_type: filter
  - plugin: dbops.rotation.rotation_history
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the fleet
  dbops.rotation.rotation_table:
    states: "{{ {'client_acme': acme_state} }}"
  run_once: true
"""

RETURN = r"""
text:
  description: The whole text, as wide as it gets.
  returned: success
  type: str
"""
