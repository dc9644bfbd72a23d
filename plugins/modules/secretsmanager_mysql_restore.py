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
    the server, the secret is created with the ids, labels and tags that its versions had, in the region of the options.
  - A secret that exists is not overwritten. If its C(AWSCURRENT) opens the server, it is left as it is, whatever the
    backup holds. If it does not, that is an error; see O(replace).
  - The deletion of a secret that is scheduled for deletion is cancelled. Where the backup has the same C(AWSCURRENT),
    it is proven before that, otherwise after it, because a value cannot be read before.
  - No run makes more than one login that the server refuses.
  - A restore that was cut off is finished by the next one.
notes:
  - The identity needs C(secretsmanager:CreateSecret), C(TagResource), C(PutSecretValue), C(UpdateSecretVersionStage),
    C(RestoreSecret), C(DescribeSecret), C(GetSecretValue), and C(ListSecrets) on all secrets.
  - Tags whose names begin with C(aws:) cannot be written and are left out. Replicas, the resource policy and the
    rotation schedule of a secret are not in a backup.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._change
  - dbops.rotation._database
  - dbops.rotation._aws
options:
  path:
    description:
      - The file that M(dbops.rotation.secretsmanager_mysql_backup) wrote. It is read and decrypted on the controller
        with the vault secrets of the run, and only the part of O(client) is used.
      - One of O(path) and O(backup) is required.
    type: path
  backup:
    description:
      - The part of one client, in place of the file. The task itself puts it here when it is sent to another host.
      - Mutually exclusive with O(path).
    type: str
  version:
    description:
      - The version of the backup that the server has, by its id or staging label. It is proven and becomes
        C(AWSCURRENT).
      - Another one than C(AWSCURRENT) is right if a rotation was under way during the backup, or if the server itself
        was set back.
    type: str
    default: AWSCURRENT
  replace:
    description:
      - If the secret exists, try the password of the backup instead of the one that the secret has. If the server has
        it, it becomes C(AWSCURRENT) in a new version, as M(dbops.rotation.secretsmanager_mysql_reconcile) does it.
      - This is for a server that was set back to an older state and a secret that has not the password of that time any
        more. A secret whose own password is the newer one on the server is still left as it is.
    type: bool
    default: false
  kms_key_id:
    description:
      - The KMS key that encrypts the new secret. If it is not set, it is the former key, or in another region the
        default key of the account.
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

- name: The database was restored from a dump, whose password only the secrets' backup of that day has
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
  description: Why it was asked for. A failure has it where the reason could be compared with the client's passwords.
  returned: success, and failure where it could be compared
  type: str
  sample: CHG-1042
action:
  description:
    - V(created) made the secret anew. V(finished) added what an earlier restore had left out. V(undeleted) cancelled a
      deletion. V(kept) left a secret alone that opens the server. V(replaced) stored the password of the backup in a
      secret that exists.
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
