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
  - Proves the current password by a login, reports which rows of the account it opens and which are foreign, and
    creates the client's secret with the tags that start its cycle.
  - Does not change the password. M(dbops.rotation.secretsmanager_mysql_rotate) does that.
  - Takes over a secret of the same name with the same content. Other content is an error. A secret that is under
    management already stays as it is and needs no login; only missing replicas (O(replica)) and tags (O(tags)) are
    added.
  - Creates nothing before it has checked the password, the server and the name of the secret.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._database
  - dbops.rotation._prompt
  - dbops.rotation._aws
options:
  host:
    description:
      - Name or address of the database server, as programs that read the secret reach it.
      - Required unless O(source_secret_id) is set.
    type: str
  port:
    description:
      - Port of the database server.
    type: int
    default: 3306
  username:
    description:
      - User name of the account. All its C(user@host) rows are checked.
    type: str
    default: root
  password:
    description:
      - The current password, best from an encrypted variable.
      - Mutually exclusive with O(password_file) and O(source_secret_id).
      - It must be a text. A value that YAML reads as a number or a boolean (V(123456), V(1.5), V(yes)) is refused,
        because the original text is lost. Quote it.
    type: raw
  password_file:
    description:
      - A file on the controller whose first line is the current password.
      - Mutually exclusive with O(password) and O(source_secret_id).
    type: path
  source_secret_id:
    description:
      - An existing secret in AWS's database form with the current user and password. It may be O(secret_id) itself.
      - Another secret than O(secret_id) is only read. The first rotation makes it outdated. Delete it when nobody reads
        it any more.
      - Mutually exclusive with O(password) and O(password_file).
    type: str
  kms_key_id:
    description:
      - The KMS key that encrypts the new secret. By default the AWS account's default key.
    type: str
  tags:
    description:
      - Tags for the secret besides ours, also for a client that is under management already. None is removed.
    type: dict
    default: {}
    version_added: 0.2.0
  cycle_days:
    description:
      - Days from one rotation to the next. The first cycle is shorter, and the name of the client decides by how much.
        So clients of one onboarding do not all become due on one day.
    type: int
    default: 40
  replica:
    description:
      - Regions to which AWS copies the secret. Missing ones are added, also for a client that is under management
        already. None is removed, and an existing replica keeps its key.
      - A secret of the same name in such a region is not overwritten. A warning names each region to which AWS could
        not copy the secret, with AWS's reason.
    type: list
    elements: dict
    default: []
    suboptions:
      region:
        description:
          - The name of the region.
        type: str
        required: true
      kms_key_id:
        description:
          - A KMS key of that region that encrypts the replica. By default the account's default key there.
        type: str
  replica_wait:
    description:
      - Seconds, from 0 to 600, to wait until AWS has created new replicas, so that the result can name a failure.
    type: float
    default: 30
  reason:
    description:
      - Why the client comes under management, in one line of at most 200 characters that contains no password of the
        client.
    type: str
    default: ""
    version_added: 0.2.0
  requested_by:
    description:
      - Who asked for it.
    type: str
    default: ""
    version_added: 0.2.0
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
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

- name: Copy the secret to another region, too
  dbops.rotation.secretsmanager_mysql_onboard:
    secret_id: clients/client_acme/mysql/root
    host: db.acme.example.com
    password: "{{ vaulted_root_password }}"
    region: eu-central-1
    replica:
      - region: eu-west-1
        kms_key_id: alias/dbops-rotation

- name: Only prove the password and say which account rows it opens
  dbops.rotation.secretsmanager_mysql_onboard:
    secret_id: clients/client_initech/mysql/root
    host: db.initech.example.com
    password_file: ~/initech.password
  check_mode: true
"""

RETURN = r"""
msg:
  description: What happened, in one sentence. On failure the client, the step, the cause, the state left and the next
    step.
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
version_id:
  description: The version of the secret with the password.
  returned: when the client came under management
  type: str
  sample: 91ec348d-a3dc-4ea3-820b-2a88556c57c2
rotation:
  description: The cycle that begins, as the tags of the secret have it.
  returned: when the client came under management
  type: dict
  contains:
    last:
      description: When it began.
      type: str
      sample: "2026-11-23T03:00:00Z"
    due:
      description: When the first change is due.
      type: str
      sample: "2027-01-02T03:00:00Z"
    cycle_days:
      description: Days from one rotation to the next.
      type: str
      sample: "40"
reason:
  description: Why the client came under management.
  returned: success
  type: str
  sample: "CHG-1001: new contract"
requested_by:
  description: Who asked for it.
  returned: success
  type: str
  sample: alice
rows:
  description:
    - Every row of the account on the server, with its plugin and its state.
    - The state is V(covered) if the current password opens the row, V(foreign) if the row has another password, and
      V(skipped) if it has none (a socket). If the row cannot be rotated, it is V(unfit) and the reason.
    - Empty if the client is under management already.
  returned: success
  type: list
  elements: dict
  sample: [{row: root@localhost, plugin: caching_sha2_password, state: covered}]
replicas:
  description: The replica regions of the secret, as AWS reports them. The status is V(InSync), V(InProgress) or
    V(Failed). The message is AWS's.
  returned: success
  type: list
  elements: dict
  sample: [{region: eu-west-1, status: InSync, message: ""}]
logins:
  description: How many logins the run made; C(failed) counts those that the server refused.
  returned: when there was a login
  type: dict
  sample: {succeeded: 1, failed: 0}
secretsmanager_calls:
  description: How many calls of Secrets Manager the run made, in total and for each operation.
  returned: when there was a login
  type: dict
  sample: {total: 4}
throttled:
  description: How many calls AWS throttled. The AWS SDK waits and repeats them.
  returned: success
  type: int
  sample: 0
waited:
  description: Seconds that the run waited for its turn to write to AWS (O(write_share)). It never waits for the
    database server.
  returned: success
  type: dict
  sample: {server: 0.0, write_limit: 0.0}
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

from ..module_utils._module.onboard import ONBOARD


def main() -> None:
    ONBOARD.context_module(AnsibleModule(supports_check_mode=True, **ONBOARD.validation()))


if __name__ == "__main__":
    main()
