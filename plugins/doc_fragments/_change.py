# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a module that may change a password."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  password_length:
    description:
      - Length of the new password, from 16 to 128. The server's own policy may make it longer.
      - An account with which replicas log in to their source can have 32 characters at most.
    type: int
    default: 32
  password_exclude_characters:
    description:
      - Characters that the new password must not contain.
      - Passwords are made of letters, digits and C(-), C(_), C(.), which need no quoting in shells, URLs, YAML, JSON,
        C(my.cnf) and C(.env) files.
    type: str
    default: ''
  adopt_rows:
    description:
      - Foreign account rows, written V(user@host), that are to carry this secret's password from now on.
      - The passwords that those rows have now stop working, a second retained one included; C(AWSCURRENT)'s goes on
        working where it is one of them.
      - The messages of check mode and of onboarding name the foreign rows.
    type: list
    elements: str
    default: []
  accept_server_id:
    description:
      - A run is refused if the host in the secret leads to another server than the one on which the password was last
        changed. If that is right (after a failover or a restore), give the id of the new server here.
      - The message of the refusal names the id.
      - Servers that may take each other's place at any time are listed once, in O(server_ids).
    type: str
  allow_plaintext_statement:
    description:
      - Allow the new password in plain text in a statement where a MariaDB validation plugin refuses hashes
        (C(strict_password_validation)). The server's logs may then show it.
    type: bool
    default: false
  per_server:
    description:
      - How many rotations, of different clients, may be at work on one database server at a time, from 0 to 64. V(0) is
        no limit.
      - A rotation waits for its turn before it changes anything, as long as its O(deadline) allows. What finishes a
        rotation that was begun does not wait.
      - The server itself counts (with C(GET_LOCK)), so it also holds for several controllers.
    type: int
    default: 1
  replica_wait:
    description:
      - How many seconds the end of the old password waits, from 0 to 600 and as far as O(deadline) allows, until AWS
        says that every replica region of the secret is V(InSync).
      - If one lags after that or has failed, the old password stays valid for those who read there, with a warning, and
        later scheduled runs look again and end it. Nothing is waited for where a secret has no replicas.
    type: float
    default: 30
  reason:
    description:
      - One line of at most 200 characters for the receipt, such as a ticket. It is stored nowhere on AWS.
    type: str
    default: ''
"""
