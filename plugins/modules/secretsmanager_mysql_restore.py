#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_mysql_restore
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Restore a lost secret from a backup, with the password that opens the database server
description:
  - For a secret that was lost, alone or with its region. Logs in once with C(AWSCURRENT) of the backup. If that opens
    the server, creates the secret in the region of the options, with its tags, and with the ids and labels of its
    versions.
  - Does not overwrite an existing secret. If its C(AWSCURRENT) opens the server, the secret stays as it is, whatever
    the backup has. Otherwise that is an error; see O(replace).
  - Cancels the deletion of a secret that is scheduled for deletion. If the backup has the same C(AWSCURRENT), it proves
    that password before. Otherwise it proves it after, because AWS returns no value before.
  - No run makes more than one login that the server refuses.
  - The next restore finishes one that was interrupted.
notes:
  - The identity needs C(secretsmanager:CreateSecret), C(TagResource), C(PutSecretValue), C(UpdateSecretVersionStage),
    C(RestoreSecret), C(DescribeSecret), C(GetSecretValue), and C(ListSecrets) on all secrets.
  - Nobody can write tags whose names begin with C(aws:), so they are left out. A backup does not have the replicas, the
    resource policy and the rotation schedule of a secret.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._change
  - dbops.rotation._database
  - dbops.rotation._aws
options:
  path:
    description:
      - The file that M(dbops.rotation.secretsmanager_mysql_backup) wrote. The controller reads and decrypts it with the
        vault secrets of the run, and uses only the part of O(client).
      - One of O(path) and O(backup) is required.
    type: path
  backup:
    description:
      - The part of one client, instead of the file. The task sets it itself when it runs on another host.
      - Mutually exclusive with O(path).
    type: str
  version:
    description:
      - The version in the backup whose password the server has, by its id or staging label. A login proves it, and it
        becomes C(AWSCURRENT).
      - Set it if a rotation ran during the backup, or if the server itself was restored to an older state.
    type: str
    default: AWSCURRENT
  replace:
    description:
      - If the secret exists, try the password of the backup instead of that of the secret. If it opens the server, it
        becomes C(AWSCURRENT) in a new version, as with M(dbops.rotation.secretsmanager_mysql_reconcile).
      - This is for a server that was restored to an older state, if the secret does not have the password of that time
        any more. If the secret has the newer password of the server, it still stays as it is.
    type: bool
    default: false
  kms_key_id:
    description:
      - The KMS key that encrypts the new secret. By default the former key, or in another region the account's default
        key.
    type: str
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
  - PyNaCl (only for MariaDB accounts with the ed25519 plugin)
seealso:
  - module: dbops.rotation.secretsmanager_mysql_backup
  - module: dbops.rotation.secretsmanager_mysql_verify
  - module: dbops.rotation.secretsmanager_mysql_reconcile
"""

EXAMPLES = r"""
- name: Restore a lost secret
  dbops.rotation.secretsmanager_mysql_restore:
    client: client_acme
    secret_id: clients/client_acme/mysql/root
    path: /var/backups/rotation/secrets.vault

- name: The region is lost; restore the secret in another one
  dbops.rotation.secretsmanager_mysql_restore:
    client: client_globex
    secret_id: clients/client_globex/mysql/root
    path: /var/backups/rotation/secrets.vault
    region: eu-west-1
    kms_key_id: arn:aws:kms:eu-west-1:123456789012:key/0f5c2c1e-5f0b-4d52-9f55-0a8b3c1d7e6f

- name: The database was restored from a dump; only the backup of that day has its password
  dbops.rotation.secretsmanager_mysql_restore:
    client: client_initech
    secret_id: clients/client_initech/mysql/root
    path: /var/backups/rotation/secrets-2026-10-01.vault
    replace: true
  check_mode: true
"""

RETURN = r"""
msg:
  description: What happened, in one sentence. On failure the client, the step, the cause, the state left and the next
    step.
  returned: always
  type: str
client:
  description: The client's name.
  returned: success
  type: str
  sample: client_acme
secret_id:
  description: The secret.
  returned: success
  type: str
  sample: clients/client_acme/mysql/root
reason:
  description: The reason. A failure returns it only after a check that it is none of the client's passwords.
  returned: success, and failures after that check
  type: str
  sample: CHG-1042
action:
  description:
    - V(created) created the secret again. V(finished) added the rest of an earlier restore. V(undeleted) cancelled a
      deletion. V(kept) left a secret alone that opens the server. V(replaced) stored the password of the backup in an
      existing secret.
  returned: success
  type: str
  sample: created
version_id:
  description: Id of the version that is AWSCURRENT now, or would be.
  returned: success
  type: str
  sample: 5f0f3a4e-6b1c-4d5a-9a3b-0d5a0b1f2c3d
saved_at:
  description: When the backup of this client was made.
  returned: success
  type: str
  sample: "2026-11-23T03:00:00Z"
logins:
  description: How many logins the run made; C(failed) counts those that the server refused.
  returned: success
  type: dict
  sample: {succeeded: 1, failed: 0}
secretsmanager_calls:
  description: How many calls of Secrets Manager the run made, in total and for each operation.
  returned: success
  type: dict
  sample: {total: 6}
error:
  description: The parts of a failure.
  returned: failure
  type: dict
  contains:
    client:
      description: The client.
      type: str
    step:
      description: The step at which the run stopped.
      type: str
      sample: open
    code:
      description: A fixed word for the kind of failure, for programs.
      type: str
      sample: login_refused
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

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._module.restore import RESTORE


def main() -> None:
    RESTORE.context_module(AnsibleModule(supports_check_mode=True, **RESTORE.validation()))


if __name__ == "__main__":
    main()
