# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a client and of the connection to its database."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  client:
    description:
      - The client's name in messages and in the tag C(rotation/client).
      - If it is not set, it is the name of the inventory host.
    type: str
  secret_id:
    description:
      - Name or ARN of the client's secret.
    type: str
    required: true
  tls_mode:
    description:
      - How the connection to the database is protected.
      - V(verify_identity) verifies the server's certificate and its name.
      - V(verify_ca) verifies the certificate only. It warns.
      - V(disabled) does not use TLS. It warns, and the new password travels as a hash only.
    type: str
    choices: [verify_identity, verify_ca, disabled]
    default: verify_identity
  tls_ca_file:
    description:
      - The certificate authority that signed the certificate of the database server, in PEM form.
      - If it is not set, the authorities that the system trusts are used.
    type: path
  tls_server_name:
    description:
      - The name to look for in the server's certificate, if it is another than the host in the secret.
    type: str
  tls_client_cert:
    description:
      - A client certificate in PEM form. Needs O(tls_client_key).
    type: path
  tls_client_key:
    description:
      - The private key of O(tls_client_cert).
    type: path
  unix_socket:
    description:
      - Connect through this local socket instead of host and port. TLS is not used there.
    type: path
  single_writer:
    description:
      - Promise that the host in the secret always leads to one pinned server that takes all writes.
      - Needed for Galera, multi-primary Group Replication and a writable server that also replicates from another.
    type: bool
    default: false
  server_ids:
    description:
      - The ids of servers that keep the same accounts and may take each other's place behind the secret's host, such as
        a source and the replica that a failover promotes. Then a switch among them needs nobody.
      - The id of a server is in the receipt of a rotation (RV(ignore:server.server_id)); on MySQL it is its
        C(server_uuid).
      - The members of a MySQL replication group need not be listed. They are learned at onboarding and at
        each rotation.
    type: list
    elements: str
    default: []
  server_label:
    description:
      - A word that tells this client's server from another that gives the same identity, such as a clone with the
        C(auto.cnf) of the first. It says that they are two, which nothing else can.
      - It is stored on the secret, so set it only once.
      - At most 32 letters, digits, C(.), C(-) and C(_).
    type: str
    default: ''
  deadline:
    description:
      - Seconds after which the run is given up, above 0 and below 900. The next run finishes what was begun.
    type: float
    default: 120
"""
