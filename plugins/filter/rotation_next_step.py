# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_next_step
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Write the next command of a message for the person who reads it
description:
  - Replaces V({rotate}), V({finish}), V({verify}), V({roll_back}), V({reconcile}), V({onboard}) and V({restore}) in a
    text by commands.
  - In a job of AWX a command is a job template with its limit, elsewhere a command line.
options:
  _input:
    description:
      - The text.
    type: str
    required: true
  client:
    description:
      - The client of the command, by its name in the inventory.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show how to change the password
  ansible.builtin.debug:
    msg: "{{ 'To change it now: {rotate}' | dbops.rotation.rotation_next_step(inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from collections.abc import Callable

from ..module_utils._next_step import present
from ..plugin_utils._reader import of_playbook


def next_step(text: str, client: str) -> str:
    """Return the text with its commands."""
    return present(text, client, of_playbook())


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[[str, str], str]]:
        return {"rotation_next_step": next_step}
