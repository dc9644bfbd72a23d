#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_candidates_info
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Find the clients of a play with which a scheduled run may have work
description:
  - Lists the secrets of all hosts of the play, with one C(ListSecrets) call for each hundred secrets that have the tag
    C(rotation/due). Reads no value and changes nothing. So a scheduled run need not start a worker for each client.
  - Takes each host's options from its variables, as the role P(dbops.rotation.rotation#role) names them. Clients with
    the same account, role and region share one listing.
  - Leaves out a client only if its tags and options show that it surely has no work. It is neither due nor unfinished
    nor overdue, and has no old password past its overlap and no pending notice. Or it is paused, waits for a window, or
    runs as a function.
  - A worker has to visit every other client and decides again. That includes a client whose secret was not listed, has
    missing or invalid tags, or whose options are wrong. It includes a client with C(rotation_jump_host) or an
    C(ansible_connection) that is not V(local).
  - If AWS refuses the listing, all its clients are to be visited, and a warning says what to grant.
  - It is one task for the whole play, so it requires C(run_once).
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: none
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
options:
  least:
    description:
      - List the secrets of clients with the same access to AWS if there are so many of them, or more. V(0) is never.
    type: int
    default: 100
notes:
  - It runs on the controller and connects to no host.
  - The identity needs C(secretsmanager:ListSecrets) on C(*).
  - A listing may be five minutes old. What changed since then is work for the next run.
requirements:
  - boto3 >= 1.34
seealso:
  - module: dbops.rotation.rotation_cycle_info
  - plugin: dbops.rotation.fleet
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Find the clients that may have work
  dbops.rotation.rotation_candidates_info:
  run_once: true
  register: rotation_listing
"""

RETURN = r"""
visit:
  description: The hosts that a scheduled run has to visit, in the order of the play.
  returned: always
  type: list
  elements: str
  sample: [client_acme]
unread:
  description: Those of RV(visit) of which no listing says enough, so that they are in no plan of the load.
  returned: always
  type: list
  elements: str
  sample: []
brought_forward:
  description: Those of RV(visit) that are rotated today, so that no day has much more work than another.
  returned: always
  type: list
  elements: str
  sample: []
idle:
  description: The hosts that are left out, once for each state that they share.
  returned: always
  type: list
  elements: dict
  contains:
    clients:
      description: The hosts.
      type: list
      elements: str
    candidate:
      description: Always false, as in M(dbops.rotation.rotation_cycle_info).
      type: bool
    runner:
      description: Whose schedule visits the clients, V(ansible) or V(lambda).
      type: str
    waiting:
      description: Whether they are due and wait for a window.
      type: bool
    paused:
      description: Until when they are paused, and why.
      type: dict
    failures:
      description: How many runs in a row have failed, and where the last one did.
      type: dict
  sample:
    - clients: [client_globex, client_initech]
      candidate: false
      runner: ansible
      waiting: false
      paused:
      failures: {count: 0, at: "", step: "", code: ""}
"""
