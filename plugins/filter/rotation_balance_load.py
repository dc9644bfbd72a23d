# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_balance_load
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Return the clients to rotate today, to spread the work of a fleet over days
description:
  - Takes the results of M(dbops.rotation.rotation_cycle_info) for all clients. Returns the names of the clients to
    rotate today although their due date is a few days away. No client is rotated later because of it.
  - Leaves out clients that run as Lambda functions. The functions balance their own load.
options:
  _input:
    description:
      - A dictionary of clients with their results.
    type: dict
    required: true
seealso:
  - module: dbops.rotation.rotation_cycle_info
"""

EXAMPLES = r"""
- name: Show which clients are rotated today
  ansible.builtin.debug:
    msg: "{{ {'client_acme': acme_state, 'client_globex': globex_state} | dbops.rotation.rotation_balance_load }}"
"""

RETURN = r"""
_value:
  description: The names of the clients to rotate today.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..module_utils._cycle.spread import Turn, brought_forward
from ..module_utils._runners import LAMBDA


def today(states: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names whose turn is today."""
    ours = {name: state for name, state in states.items() if _has_turns(state)}
    turns = {
        name: Turn(datetime.fromisoformat(state["last"]), tuple(state["possible_days"])) for name, state in ours.items()
    }
    return brought_forward(turns, {name: state["cycle_days"] for name, state in ours.items()}, datetime.now(UTC))


def _has_turns(state: Mapping[str, Any]) -> bool:
    """Return True if the client can be read, and a schedule of playbooks visits it."""
    return not (state.get("failed") or state.get("offboarded") or state.get("runner") == LAMBDA)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rotation_balance_load": today}
