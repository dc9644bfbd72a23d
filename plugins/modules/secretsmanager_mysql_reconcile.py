#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_mysql_reconcile
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Reconcile a secret and its MySQL or MariaDB server after somebody changed one of them
description:
  - For a client whose server refuses C(AWSCURRENT), because somebody changed the password by hand, restored the
    database from a backup, or moved a staging label.
  - Proves by one login the password that works now, and makes it C(AWSCURRENT) in a new version with the other keys of
    the secret. Then it does the work of a recovery, so that one password opens all covered rows, and writes the tags.
    It changes no row that has the password already.
  - With an administrator's secret it sets a new password on the rows of the account instead. O(adopt_rows) must name
    the rows whose password is in no version of the secret.
  - Without O(password), O(password_file), O(version) and O(admin_secret_id) it tries C(AWSCURRENT) once more, although
    the server refused it in an earlier run.
  - A password that somebody set by hand starts no new cycle.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._change
  - dbops.rotation._database
  - dbops.rotation._prompt
  - dbops.rotation._aws
options:
  password:
    description:
      - The password that works now, best from an encrypted variable.
      - Mutually exclusive with O(password_file), O(version) and O(admin_secret_id).
      - It must be a text. A value that YAML reads as a number or a boolean (V(123456), V(1.5), V(yes)) is refused,
        because the original text is lost. Quote it.
    type: raw
  password_file:
    description:
      - A file on the controller whose first line is the password that works now.
      - Mutually exclusive with O(password), O(version) and O(admin_secret_id).
    type: path
  version:
    description:
      - The version of the secret whose password works now, by its staging label (such as V(AWSPREVIOUS)) or its id.
      - Mutually exclusive with O(password), O(password_file) and O(admin_secret_id).
    type: str
  admin_secret_id:
    description:
      - A secret in AWS's database form, with another account on the same server that may change this account. Host and
        port are those of the client's secret.
      - Mutually exclusive with O(password), O(password_file) and O(version).
    type: str
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
  - PyNaCl (only for MariaDB accounts with the ed25519 plugin)
seealso:
  - module: dbops.rotation.secretsmanager_mysql_rotate
  - module: dbops.rotation.secretsmanager_mysql_verify
"""

EXAMPLES = r"""
- name: Store the password that somebody set by hand
  dbops.rotation.secretsmanager_mysql_reconcile:
    secret_id: clients/client_acme/mysql/root
    password: "{{ vaulted_password_that_works }}"

- name: The label was moved back in the console, but the server has the newer password
  dbops.rotation.secretsmanager_mysql_reconcile:
    secret_id: clients/client_globex/mysql/root
    version: AWSPREVIOUS

- name: Nobody knows the password; another administrator's account sets a new one
  dbops.rotation.secretsmanager_mysql_reconcile:
    secret_id: clients/client_initech/mysql/root
    admin_secret_id: break-glass/client_initech
    adopt_rows:
      - root@localhost
      - root@%
"""

RETURN = r"""
msg:
  description: What happened, in one sentence. On failure the client, the step, the cause, the state left and the next
    step.
  returned: always
  type: str
  sample: "client_acme: the password that works is in the secret again (3 account rows of MySQL 9.7.4 at db:3306)"
client:
  description: The client's name.
  returned: success
  type: str
  sample: client_acme
secret_id:
  description: The secret, as the task names it.
  returned: success
  type: str
  sample: clients/client_acme/mysql/root
action:
  description:
    - What was done, or in check mode would be done.
    - V(rotate) makes a new password and sets it. V(resume) sets a new password that an earlier run stored. V(finish)
      sets on all rows a new password that an earlier run set on some of them. V(roll_back) sets the previous password
      again.
    - V(take_over) ends the other password of rows in O(adopt_rows) that have the password of C(AWSCURRENT) as their
      second one.
    - V(discard_old) ends an old password that an earlier run left valid. V(record) only writes tags. V(nothing) changes
      nothing.
  returned: success
  type: str
  sample: rotate
decision:
  description: Why that was done.
  returned: success
  type: str
  sample: A new password was asked for.
version_id:
  description: Id of the version that is AWSCURRENT now.
  returned: success
  type: str
  sample: 5f0f3a4e-6b1c-4d5a-9a3b-0d5a0b1f2c3d
previous_version_id:
  description: Id of the version that was AWSCURRENT before, if there was one.
  returned: success
  type: str
  sample: 0b7c5d0e-2f61-4d0c-8f35-4c1f0a9e8d7b
rows:
  description: Every row of the account on the server.
  returned: success
  type: list
  elements: dict
  contains:
    row:
      description: The row, written user@host.
      type: str
      sample: root@10.%
    plugin:
      description: Authentication plugins of the row.
      type: str
      sample: caching_sha2_password
    state:
      description: V(changed), V(unchanged), V(foreign) (another password, left as it is) or V(skipped) (no password).
      type: str
      sample: changed
    detail:
      description: A remark about the row, if there is one.
      type: str
server:
  description: The server that answered.
  returned: success
  type: dict
  contains:
    flavor:
      description: V(mysql) or V(mariadb).
      type: str
      sample: mysql
    version:
      description: The version, as the server reports it.
      type: str
      sample: 9.7.4
    server_id:
      description: The identity of the server. A tag of the secret has it, too.
      type: str
    address:
      description: Its address.
      type: str
      sample: db.acme.example.com:3306
    tls:
      description: The TLS version of the connection, or V(none).
      type: str
      sample: TLSv1.3
rotation:
  description: The cycle, as the tags of the secret now have it.
  returned: success
  type: dict
  contains:
    last:
      description: When the password was changed.
      type: str
      sample: "2026-11-23T03:00:00Z"
    due:
      description: When the next change is due.
      type: str
      sample: "2027-01-02T03:00:00Z"
    cycle_days:
      description: Days from one rotation to the next.
      type: str
      sample: "40"
    overlap_until:
      description: Until when the old password stays valid. Empty if it has ended.
      type: str
      sample: ""
replicas:
  description: The replica regions of the secret, as AWS reported them last. The status is V(InSync), V(InProgress) or
    V(Failed). The message is AWS's.
  returned: success
  type: list
  elements: dict
  sample: [{region: eu-west-1, status: InSync, message: ""}]
kept_for:
  description: The replica regions for which the old password stays valid, with the trouble there. Empty if there are
    none.
  returned: success
  type: str
  sample: ""
steps:
  description: The steps of the run, with their durations in seconds.
  returned: success
  type: list
  elements: dict
  sample: [{name: read, seconds: 0.011}]
seconds:
  description: Duration of all steps together.
  returned: success
  type: float
  sample: 0.094
logins:
  description: How many logins the run made; C(failed) counts those that the server refused.
  returned: success
  type: dict
  sample: {succeeded: 2, failed: 0}
secretsmanager_calls:
  description: How many calls of Secrets Manager the run made, in total and for each operation.
  returned: success
  type: dict
  sample:
    total: 6
    describe_secret: 1
    get_secret_value: 2
    put_secret_value: 1
    tag_resource: 1
    update_secret_version_stage: 1
throttled:
  description: How many calls AWS throttled. The AWS SDK waits and repeats them.
  returned: success
  type: int
  sample: 0
waited:
  description: Seconds that the run waited for its turn, on the database server (O(per_server)) and to write to AWS
    (O(write_share)).
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

from ..module_utils._module.reconcile import RECONCILE


def main() -> None:
    RECONCILE.context_module(AnsibleModule(supports_check_mode=True, **RECONCILE.validation()))


if __name__ == "__main__":
    main()
