#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_mysql_onboard
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Store the password of an existing MySQL or MariaDB account in AWS Secrets Manager
description:
  - Logs in to the database with the present credentials to prove them, says which rows of the account they cover and
    which are foreign, and creates the client's secret with the tags that start its cycle.
  - The password is not changed; M(dbops.rotation.secretsmanager_mysql_rotate) does that.
  - A secret of the same name with the same contents is taken over; one that is under management already is left as it
    is and the credentials are not used; one with other contents is an error. Whatever fails, nothing is created.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._database
  - dbops.rotation._aws
options:
  host:
    description:
      - The database server, as the consumers of the secret reach it. Needed unless O(source_secret_id) is given.
    type: str
  port:
    description:
      - Its port.
    type: int
    default: 3306
  username:
    description:
      - The account.
    type: str
    default: root
  password:
    description:
      - The present password, best from an encrypted variable.
    type: str
  password_file:
    description:
      - A file on the controller whose first line is the present password.
    type: path
  source_secret_id:
    description:
      - An existing secret in AWS's database form that holds the present credentials. It may be O(secret_id) itself.
    type: str
  prompt:
    description:
      - Ask for the password at the terminal where none of the other options gives it.
    type: bool
    default: false
  kms_key_id:
    description:
      - The KMS key that encrypts the new secret. The account's default key where it is not set.
    type: str
  cycle_days:
    description:
      - Days from one rotation to the next.
    type: int
    default: 40
requirements:
  - boto3
  - PyMySQL >= 1.1
  - cryptography
  - PyNaCl (only for MariaDB accounts with the ed25519 plugin)
seealso:
  - module: dbops.rotation.secretsmanager_mysql_rotate
"""

EXAMPLES = r"""
- name: Bring a client under management with a password from the vault
  dbops.rotation.secretsmanager_mysql_onboard:
    secret_id: clients/client_acme/mysql/root
    host: db.acme.example.com
    password: "{{ vaulted_root_password }}"
    tls_ca_file: /etc/ssl/rds/global-bundle.pem
    region: eu-central-1

- name: Take over a secret that was made by hand
  dbops.rotation.secretsmanager_mysql_onboard:
    secret_id: clients/client_globex/mysql/root
    source_secret_id: clients/client_globex/mysql/root

- name: Only prove the credentials and say which account rows they cover
  dbops.rotation.secretsmanager_mysql_onboard:
    secret_id: clients/client_initech/mysql/root
    host: db.initech.example.com
    password_file: ~/initech.password
  check_mode: true
"""

RETURN = r"""
msg:
  description: What happened, in one sentence; on failure client, step, cause, state left and next command.
  returned: always
  type: str
  sample: "client_acme: the password opens MySQL 9.7.4 at db.acme.example.com:3306 and is stored as a secret"
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
rows:
  description:
    - Every row of the account on the server, with its plugin and whether the password covers it (V(covered)), it has
      another one (V(foreign)) or none (V(skipped)). Empty where the client is under management already.
  returned: success
  type: list
  elements: dict
  sample: [{row: root@localhost, plugin: caching_sha2_password, state: covered}]
logins:
  description: How many logins the run made.
  returned: when the credentials were used
  type: dict
  sample: {succeeded: 1, failed: 0}
secretsmanager_calls:
  description: How many calls of Secrets Manager the run made, in total and for each operation.
  returned: when the credentials were used
  type: dict
  sample: {total: 4}
error:
  description: The parts of a failure; client, step, code, cause, state and next_step.
  returned: failure
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dbops.rotation.plugins.module_utils._module.onboard import ONBOARD


def main() -> None:
    ONBOARD.run_module(AnsibleModule(supports_check_mode=True, **ONBOARD.validation()))


if __name__ == "__main__":
    main()
