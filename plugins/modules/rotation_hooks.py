#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_hooks
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Load the hooks of a client before they are included
description:
  - Loads task files as M(ansible.builtin.include_tasks) does, and fails if one of them is missing, is no list of tasks,
    or names a module that is not installed.
  - M(ansible.builtin.include_tasks) itself ends the play of all clients then, or takes the client out of the play
    without C(rescue), so that nobody is told.
  - It cannot know a file that a task of a hook includes when it runs. C(import_tasks) in a hook is loaded too.
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: none
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
options:
  files:
    description:
      - Paths of the task files. A relative one begins at the folder of the playbook.
    type: list
    elements: str
    required: true
notes:
  - It runs on the controller and connects to no host.
"""

EXAMPLES = r"""
- name: Load the hooks
  dbops.rotation.rotation_hooks:
    files: "{{ rotation_hooks }}"
  register: loaded

- name: Run a hook
  ansible.builtin.include_tasks: "{{ hook }}"
  loop: "{{ loaded.paths }}"
  loop_control:
    loop_var: hook
"""

RETURN = r"""
paths:
  description: The full paths of the files, in their order.
  returned: success
  type: list
  elements: str
  sample: [/srv/rotation/hooks/shop.yml]
"""
