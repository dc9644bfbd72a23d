#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_mysql_verify
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Check a rotated MySQL or MariaDB password, its secret and its server without changing them
description:
  - Logs in with C(AWSCURRENT) and compares the hashes of all rows of the account with the versions of the secret,
    offline. Reports unfinished rotations, leftover passwords, foreign rows, the server's own password expiry, and
    whether the grants are those of the last rotation.
  - Changes nothing on the server. If the server refuses the login, a tag of the secret records it (not in check mode).
    Then neither this module nor a schedule tries it again and locks the account.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._database
  - dbops.rotation._aws
options: {}
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
  - PyNaCl (only for MariaDB accounts with the ed25519 plugin)
seealso:
  - module: dbops.rotation.secretsmanager_mysql_rotate
  - module: dbops.rotation.secretsmanager_mysql_reconcile
"""

EXAMPLES = r"""
- name: Check every client; fail if something needs repair
  dbops.rotation.secretsmanager_mysql_verify:
    secret_id: clients/{{ inventory_hostname }}/mysql/root
    region: eu-central-1
    tls_ca_file: /etc/ssl/rds/global-bundle.pem
  register: check
  failed_when: not (check.healthy | default(false))
"""

RETURN = r"""
msg:
  description: The verdict and the findings, in one sentence each.
  returned: always
  type: str
  sample: "client_acme: all is well"
healthy:
  description: Whether nothing needs repair.
  returned: success
  type: bool
  sample: true
findings:
  description: The findings.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description: A fixed word for the finding, for programs.
      type: str
      sample: foreign_rows
    text:
      description: The finding.
      type: str
    next_step:
      description: What to do about it, if anything.
      type: str
    problem:
      description: Whether it needs repair. Otherwise it is for information.
      type: bool
rows:
  description: Every row of the account on the server.
  returned: when the server was checked
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
      description: The password of the row. V(current) is that of C(AWSCURRENT), V(behind) that of another version,
        V(foreign) one of no version. V(foreign_primary) is one of no version with a second one of this secret.
        V(skipped) is none.
      type: str
      sample: current
    second_password:
      description: Whether another password, of the secret or unknown, also opens the row.
      type: bool
      sample: false
    expires:
      description: When the server's own policy expires the password, if it does.
      type: str
grants_digest:
  description: A digest of the grants of the covered rows, without passwords.
  returned: when the server was checked
  type: str
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
version_id:
  description: Id of the version that is AWSCURRENT now.
  returned: success
  type: str
  sample: 5f0f3a4e-6b1c-4d5a-9a3b-0d5a0b1f2c3d
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
  description: The replica regions of the secret, as AWS reports them. The status is V(InSync), V(InProgress) or
    V(Failed). The message is AWS's.
  returned: when the server was checked
  type: list
  elements: dict
  sample: [{region: eu-west-1, status: InSync, message: ""}]
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

from ..module_utils._module.verify import VERIFY


def main() -> None:
    VERIFY.context_module(AnsibleModule(supports_check_mode=True, **VERIFY.validation()))


if __name__ == "__main__":
    main()
