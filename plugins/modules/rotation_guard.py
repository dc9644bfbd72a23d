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
  - Fails if a play works on all of several clients, unless O(everything) is true.
  - What counts is what the limit selects and not how it is written. An empty limit, V(all), V(*), V(~.*), V(!nobody)
    and a group with every client are refused alike.
  - The clients are the hosts of the play as its C(hosts) says. A host that is only the C(rotation_jump_host) of another
    one is none.
  - Fails as well where the limit names a host or a group, if only to leave it out, that the inventory does not have.
    Patterns and files in a limit are left alone.
  - Fails as well where an option of the role has a wrong type, is none of its choices, is out of its range or cannot
    be computed, in the same way for every client that the play works on. So a mistake that is made once is told once,
    with what is allowed, before anything is done and anybody is told. What is wrong with one of several clients is
    left to that client. Where there is only one, an option counts here if it is an extra variable.
  - Fails as well where settings were to be read from Parameter Store and were not, as when the inventory file that
    names their path could not be read.
  - It is one task for the whole play, so it needs C(run_once).
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
      - The file with the argument specifications of the role C(dbops.rotation.rotation), whose variables are checked.
      - If it is not set, none are.
    type: path
  entry_point:
    description:
      - The entry point whose options are checked. If it is not set, none are.
    type: str
  parameter_path:
    description:
      - The path of Parameter Store whose settings the run is to have (C(rotation_parameter_path)). It fails where the
        inventory has not read them.
    type: str
  parameters_read:
    description:
      - The path whose settings the inventory has read.
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
