# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_history
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Write the history of a client as a table or as JSON
description:
  - Takes the events of M(dbops.rotation.rotation_history_info). Returns one text with a line for each event.
options:
  _input:
    description:
      - The events.
    type: list
    elements: dict
    required: true
  form:
    description:
      - V(table) is for people. V(json) is for programs and has the whole events.
    type: str
    choices: [table, json]
    default: table
  width:
    description:
      - How wide a table may be. V(0) is no limit. If it has no room, columns are left out, empty ones first, and the
        last line says which. A long text continues in more lines.
    type: int
    default: 0
    version_added: 0.2.0
seealso:
  - module: dbops.rotation.rotation_history_info
"""

EXAMPLES = r"""
- name: Show what happened
  ansible.builtin.debug:
    msg: "{{ past.events | dbops.rotation.rotation_history(form='json') }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ..plugin_utils._past_table import history


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rotation_history": history}
