#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_guard
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Refuse an accidental run over all clients, and options that are wrong for every client
description:
  - Fails if a play has several clients and the run selects all of them, unless O(everything) is true.
  - Only the selected clients count, not the form of the limit. No limit, V(all), V(*), V(~.*), V(!nobody) and a group
    with every client are all refused.
  - The clients are the hosts of the play. A host that is only the C(rotation_jump_host) of another host is no client.
  - Fails if the limit names a host or a group that the inventory does not have, even if the limit excludes it. Does not
    check patterns and files in a limit.
  - Fails if an option of the role is wrong in the same way for every client of the run. Its type or value is not
    allowed, or its template fails. So one mistake causes one message, with what is allowed, before any change and any
    notice. An option that is wrong for one of several clients fails only that client. In a run over one client, only
    extra variables are checked here.
  - Fails if the run lacks its settings from Parameter Store, for example because Ansible could not read the inventory
    file with their path.
  - It is one task for the whole play, so it requires C(run_once).
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: none
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
options:
  everything:
    description:
      - Allow a run over every client.
    type: bool
    default: false
  argument_specs:
    description:
      - The file with the argument specifications of the role P(dbops.rotation.rotation#role), to check its variables.
      - By default none are checked.
    type: path
  entry_point:
    description:
      - The entry point whose options are checked. By default none are checked.
    type: str
  parameter_path:
    description:
      - The path of the settings in Parameter Store that the run needs (C(rotation_parameter_path)).
    type: str
  parameters_read:
    description:
      - The path of the settings that the inventory has read.
    type: str
notes:
  - It runs on the controller and connects to no host.
"""

EXAMPLES = r"""
- name: Refuse an accidental run over every client
  dbops.rotation.rotation_guard:
    everything: "{{ rotation_everything }}"
    argument_specs: "{{ role_path }}/meta/argument_specs.yml"
    entry_point: rotate
  run_once: true
"""

RETURN = r"""
"""
