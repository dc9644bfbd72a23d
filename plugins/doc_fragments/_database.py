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
      - By default the name of the inventory host.
    type: str
  secret_id:
    description:
      - Name or ARN of the client's secret.
    type: str
    required: true
  tls_mode:
    description:
      - What TLS checks on the connection to the database.
      - V(verify_identity) verifies the server's certificate and its name.
      - V(verify_ca) verifies only the certificate, and warns.
      - V(disabled) does not use TLS, and warns. The new password then travels only as a hash.
    type: str
    choices: [verify_identity, verify_ca, disabled]
    default: verify_identity
  tls_ca_file:
    description:
      - The certificate authority that signed the certificate of the database server, in PEM form.
      - By default the authorities that the system trusts.
    type: path
  tls_server_name:
    description:
      - The name in the server's certificate, if it is not the host in the secret.
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
      - Connect through this local socket instead of host and port, without TLS.
    type: path
  single_writer:
    description:
      - Promise that the host in the secret always leads to one pinned server that takes all writes.
      - Necessary for Galera, for multi-primary Group Replication, and for a writable server that also replicates from
        another.
    type: bool
    default: false
  server_ids:
    description:
      - Ids of servers with the same accounts that may replace each other behind the host in the secret, such as a
        source and the replica that a failover promotes. Then nobody has to act when they switch.
      - The receipt of a rotation has the id of the server (RV(ignore:server.server_id)). On MySQL it is its
        C(server_uuid).
      - The members of a MySQL replication group need not be listed. Onboarding and each rotation learn them.
    type: list
    elements: str
    default: []
  server_label:
    description:
      - A word that distinguishes this client's server from another one with the same identity, such as a clone with the
        C(auto.cnf) of the first.
      - The secret keeps it, so set it for one run only.
      - At most 32 letters, digits, C(.), C(-) and C(_).
    type: str
    default: ''
  deadline:
    description:
      - Seconds after which the run stops, above 0 and below 900. The next run finishes its work.
    type: float
    default: 120
"""
