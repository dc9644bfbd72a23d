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
      - The password of an account with which replicas log in to their source can have at most 32 characters.
    type: int
    default: 32
  password_exclude_characters:
    description:
      - Characters that the new password must not contain.
      - Passwords have letters, digits and C(-), C(_), C(.). These need no quotes in shells, URLs, YAML, JSON, C(my.cnf)
        and C(.env) files.
    type: str
    default: ''
  adopt_rows:
    description:
      - Foreign account rows, written V(user@host), that get this secret's password.
      - The passwords that those rows have now stop working, also a second one that a row retains. Only the password of
        C(AWSCURRENT) still works, if it is one of them.
      - The messages of check mode and of onboarding name the foreign rows.
    type: list
    elements: str
    default: []
  accept_server_id:
    description:
      - The id of the new server, if the host in the secret leads to another server on purpose, such as after a failover
        or a restore. Without it a run is refused on another server than that of the last change.
      - The message of the refusal names the id.
      - Servers that may replace each other at any time belong in O(server_ids).
    type: str
  allow_plaintext_statement:
    description:
      - Allow the new password in plain text in a statement if a MariaDB validation plugin refuses hashes
        (C(strict_password_validation)). The server's logs may then show it.
    type: bool
    default: false
  per_server:
    description:
      - How many rotations of different clients may work on one database server at a time, from 0 to 64. V(0) is no
        limit.
      - A rotation waits for its turn before it changes anything, at most until its O(deadline). A run that finishes a
        rotation does not wait.
      - The server itself counts (with C(GET_LOCK)), so the limit also holds for several controllers.
    type: int
    default: 1
  replica_wait:
    description:
      - Seconds, from 0 to 600, to wait until AWS says that every replica region of the secret is V(InSync), before the
        old password ends. The O(deadline) may shorten it.
      - If a region lags after that, or failed, the run warns and the old password stays valid for programs that read
        there. A later scheduled run ends it. A secret without replicas does not wait.
    type: float
    default: 30
  reason:
    description:
      - The reason for the receipt, such as a ticket, in one line of at most 200 characters. It is not stored on the
        secret.
    type: str
    default: ''
"""
