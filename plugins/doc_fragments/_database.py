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
      - The client's name for messages and for the tag C(rotation/client).
      - The action sets it to the inventory hostname.
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
      - V(disabled) speaks no TLS. It warns, and the new password travels as a hash only.
    type: str
    choices: [verify_identity, verify_ca, disabled]
    default: verify_identity
  tls_ca_file:
    description:
      - The certificate authority of the database server, in PEM form. The system's authorities where it is not set.
    type: path
  tls_server_name:
    description:
      - The name to look for in the server's certificate, where it is another than the host in the secret.
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
      - Connect through this local socket instead of host and port. No TLS is spoken there.
    type: path
  single_writer:
    description:
      - Promise that the host in the secret always leads to one pinned server that takes all writes.
      - Needed for Galera, multi-primary Group Replication and a writable server that also replicates from another.
    type: bool
    default: false
  deadline:
    description:
      - Seconds after which the whole run is given up, below 900. A run that is cut off is finished by the next one.
    type: float
    default: 120
"""
