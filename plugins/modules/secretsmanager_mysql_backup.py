#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_mysql_backup
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Write the secrets of many clients to one file that is encrypted with ansible-vault
description:
  - Reads the secrets of all hosts of the play and writes them to one file on the controller. The file has the values of
    all versions with a staging label, the labels, tags, description and KMS key.
  - Encrypts the file with a vault secret of the run (C(--vault-id), C(--vault-password-file)). Replaces the file in one
    step, so a killed run leaves the old file or the new one. Never writes a value in plain text.
  - Writes the other clients if the secret of one cannot be read, and names that one in RV(failures). A client that is
    not read now, because of a failure or C(--limit), stays in the file as it was.
  - The task must be C(run_once). It runs only on the controller, whatever the connection of the hosts is.
  - Returns names, ids and times, but no value.
notes:
  - Changes nothing on AWS, and connects to no database. The identity needs C(secretsmanager:DescribeSecret) and
    C(secretsmanager:GetSecretValue).
  - Never replaces an existing file that it cannot decrypt.
  - Leaves out versions without a staging label. Leaves out, with a warning, a version other than C(AWSCURRENT) that
    cannot be read.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._database
  - dbops.rotation._aws
options:
  path:
    description:
      - The backup file. Its folder must exist.
    type: path
    required: true
  client_options:
    description:
      - The name of a variable with the options of one client, such as V(rotation_connection) of the role. It is
        evaluated for each host of the play.
      - Without it, only the secret of O(secret_id) is written.
    type: str
  vault_id:
    description:
      - The id of the vault secret that encrypts the file. By default that of E(ANSIBLE_VAULT_ENCRYPT_IDENTITY), or the
        first one of the run.
    type: str
  keep_other:
    description:
      - Fail if the file has another secret under the name of the client, which would be lost. Another one is one with
        another ARN and no version in common; a secret that was restored keeps its versions.
    type: bool
    default: false
attributes:
  async:
    support: none
    details:
      - Only the run itself knows the vault secrets.
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.secretsmanager_mysql_restore
"""

EXAMPLES = r"""
- name: Back up all clients of the play, each with its own variables
  dbops.rotation.secretsmanager_mysql_backup:
    secret_id: "{{ rotation_secret_id }}"
    client_options: rotation_connection
    path: /var/backups/rotation/secrets.vault
  run_once: true

- name: Back up one secret
  dbops.rotation.secretsmanager_mysql_backup:
    client: client_acme
    secret_id: clients/client_acme/mysql/root
    region: eu-central-1
    path: ~/client_acme.vault
    vault_id: backup
"""

RETURN = r"""
msg:
  description: What was written and what was not, in one sentence.
  returned: always
  type: str
  sample: backed up 3 clients to /var/backups/rotation/secrets.vault
path:
  description: The backup file.
  returned: success
  type: str
  sample: /var/backups/rotation/secrets.vault
clients:
  description: The secrets that were read, by client.
  returned: success
  type: dict
  sample:
    client_acme:
      secret_id: clients/client_acme/mysql/root
      region: eu-central-1
      versions: {AWSCURRENT: 5f0f3a4e-6b1c-4d5a-9a3b-0d5a0b1f2c3d, AWSPREVIOUS: 0b7c5d0e-2f61-4d0c-8f35-4c1f0a9e8d7b}
kept:
  description: The clients that were not read and stay in the file, with the times of their backups.
  returned: success
  type: dict
  sample: {client_globex: "2026-11-23T03:00:00Z"}
failures:
  description: The hosts whose secret could not be read, with the reason.
  returned: success
  type: dict
  sample: {}
error:
  description: The parts of a failure.
  returned: failure
  type: dict
  contains:
    client:
      description: The client, or the name of the file.
      type: str
    step:
      description: The step at which the run stopped.
      type: str
      sample: write
    code:
      description: A fixed word for the kind of failure, for programs.
      type: str
      sample: backup_undecryptable
    cause:
      description: What went wrong.
      type: str
    state:
      description: The state left.
      type: str
    next_step:
      description: What to do next.
      type: str
"""
