#!/usr/bin/python
# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_mysql_rotate
version_added: 0.1.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Change a MySQL or MariaDB password that is kept in AWS Secrets Manager
description:
  - Changes the password of one database account on all its C(user@host) rows and stores it in its secret. At every
    moment the version under C(AWSCURRENT) opens the database.
  - Stores the new password as C(AWSPENDING) before it sends it to the server. Sets it while the old one stays valid,
    proves it by a login, and promotes it to C(AWSCURRENT) by compare-and-swap. Only then it discards the old one.
  - Host, port and user come from the secret, which has the JSON form of AWS's own database secrets. Other keys stay as
    they are.
  - A run that finds an unfinished rotation (after a crash, a lost answer or an outage) finishes it. The password hashes
    on the server show how far it came, not failed logins.
  - Reports rows with a password that is in no version of the secret, and leaves them alone unless O(adopt_rows) names
    them. Reports rows without a password (sockets), and never changes them.
  - Refuses to change anything if a row has a password of this secret beside one that is in no version, or if a row may
    accept a password that this module cannot change. The message names the rows and what to do.
  - Never returns, logs or shows a password or its hash, at any verbosity.
  - Supports MySQL 8.0.14 and later, and MariaDB 10.4 and later.
extends_documentation_fragment:
  - dbops.rotation._attributes
  - dbops.rotation._variables
  - dbops.rotation._change
  - dbops.rotation._calendar
  - dbops.rotation._pause
  - dbops.rotation._database
  - dbops.rotation._aws
options:
  trigger:
    description:
      - Why the rotation runs.
      - V(on_demand) and V(onboarding) always set a new password.
      - V(scheduled) sets one if the password is due, finishes an unfinished rotation, and otherwise changes nothing.
      - V(recovery) only finishes an unfinished rotation.
      - V(rollback) brings the previous password back, in a new version and by the steps of a rotation. That is the
        password under C(AWSPREVIOUS), or under C(AWSCURRENT) if somebody moved that label back already. It starts no
        new cycle, so the password is due within a day. A second rollback changes nothing.
      - V(scheduled) and V(recovery) do not try a password again that the server refused in an earlier run.
    type: str
    choices: [scheduled, on_demand, recovery, rollback, onboarding]
    default: on_demand
  overlap:
    description:
      - Seconds for which the old password stays valid beside the new one, for programs that cache the password. By
        default it ends as soon as the new one is C(AWSCURRENT).
      - Any run after that time discards the old password. If the password is due before, a scheduled run waits, and a
        run on demand ends the overlap and warns.
      - A MariaDB row with the plugin C(ed25519) or C(caching_sha2_password) has only one password, and so no overlap.
    type: int
    default: 0
  steps:
    description:
      - V(all) is the whole rotation.
      - V(promote) stops when the new password is C(AWSCURRENT) and leaves the old one valid, so that programs can read
        the new one first. RV(waits_for_hooks) is then true. A second V(promote) starts no other rotation before
        V(finish).
      - V(finish) only does the rest, whatever O(trigger) says. It records that trigger.
    type: str
    choices: [all, promote, finish]
    default: all
  min_age:
    description:
      - With V(on_demand), leave a password alone that was rotated within this number of seconds, and warn by whom and
        when. Onboarding does not count as a rotation here. An unfinished rotation is always finished.
    type: int
    default: 0
  before:
    description:
      - With V(on_demand), rotate only clients that were last rotated before this moment (ISO 8601 with a time zone).
        Use it to repeat a run over many clients that was stopped; it then does the rest.
    type: str
  force:
    description:
      - Rotate in spite of O(min_age). In a scheduled run, also rotate outside of windows and in freezes.
      - A run on demand also ends an old password that is kept because a replica region lags. Programs that read there
        are refused until the replica catches up.
    type: bool
    default: false
  bring_forward_days:
    description:
      - With V(scheduled), also rotate a client whose due date is within this number of days, if its window is open.
        C(rotate_due.yml) sets it to spread the work of a fleet over days.
    type: int
    default: 0
  kill_sessions:
    description:
      - End all other connections of the account after the rotation, for a password that has leaked. Otherwise they stay
        open, whoever opened them.
    type: bool
    default: false
  requested_by:
    description:
      - Who asked for the rotation, for the receipt, a tag of the secret and notices.
    type: str
    default: ''
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
  - PyNaCl (only for MariaDB accounts with the ed25519 plugin)
seealso:
  - module: dbops.rotation.secretsmanager_mysql_onboard
  - name: Secret versions and staging labels
    description: What AWSCURRENT, AWSPENDING and AWSPREVIOUS mean.
    link: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
"""

EXAMPLES = r"""
- name: Change the root password of every client in the play, now
  dbops.rotation.secretsmanager_mysql_rotate:
    secret_id: clients/{{ inventory_hostname }}/mysql/root
    region: eu-central-1
    tls_ca_file: /etc/ssl/rds/global-bundle.pem
    reason: "CHG-1042: left the company"

- name: Say what would happen, and why, without a change
  dbops.rotation.secretsmanager_mysql_rotate:
    secret_id: clients/client_acme/mysql/root
  check_mode: true
  diff: true

- name: Set the secret's password on a foreign row, too
  dbops.rotation.secretsmanager_mysql_rotate:
    secret_id: clients/client_globex/mysql/root
    adopt_rows:
      - root@10.%

- name: Go back to the previous password
  dbops.rotation.secretsmanager_mysql_rotate:
    secret_id: clients/client_acme/mysql/root
    trigger: rollback
    reason: "INC-2311: the application still uses the old password"

- name: Let both passwords work for an hour
  dbops.rotation.secretsmanager_mysql_rotate:
    secret_id: clients/client_acme/mysql/root
    overlap: 3600

- name: A secret in the client's own AWS account, a server behind a jump host
  dbops.rotation.secretsmanager_mysql_rotate:
    secret_id: clients/client_initech/mysql/root
    assume_role_arn: arn:aws:iam::123456789012:role/rotation
    external_id: client_initech
  delegate_to: bastion.example.com

- name: Write the connection options once for the whole play
  hosts: clients
  strategy: linear
  connection: local
  gather_facts: false
  module_defaults:
    group/dbops.rotation.all:
      region: eu-central-1
      tls_ca_file: /etc/ssl/rds/global-bundle.pem
  tasks:
    - name: Change the password
      dbops.rotation.secretsmanager_mysql_rotate:
        secret_id: clients/{{ inventory_hostname }}/mysql/root
"""

RETURN = r"""
msg:
  description: What happened, in one sentence. On failure the client, the step, the cause, the state left and the next
    step.
  returned: always
  type: str
  sample: "client_acme: rotated (3 account rows of MySQL 9.7.4 at db.acme.example.com:3306)"
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
arn:
  description: ARN of the secret.
  returned: success
  type: str
  sample: arn:aws:secretsmanager:eu-central-1:123456789012:secret:clients/client_acme/mysql/root-AbCdEf
action:
  description:
    - What was done, or in check mode would be done.
    - V(rotate) makes a new password and sets it. V(resume) sets a new password that an earlier run stored. V(finish)
      sets on all rows a new password that an earlier run set on some of them. V(roll_back) sets the previous password
      again. V(wait_for_hooks) waits for O(steps=finish). V(busy) leaves the work to another run that works now, or to
      the next one if its turn did not come in time (only in a scheduled run).
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
trigger:
  description: The trigger of the request.
  returned: always
  type: str
  sample: on_demand
reason:
  description: The reason. A failure returns it only after a check that it is none of the passwords under labels.
  returned: success, and failures after that check
  type: str
  sample: "CHG-1042: left the company"
requested_by:
  description: Who asked for the rotation.
  returned: always
  type: str
forced:
  description: Whether O(force) was true.
  returned: success
  type: bool
rotated:
  description:
    - Whether this run finished the rotation to RV(version_id), so that a notice has to follow.
    - It is true once for each rotation. If the run that changed the password could not write the tags, the later run
      that writes them returns V(false).
  returned: success
  type: bool
  sample: true
waits_for_hooks:
  description: Whether the old password stays valid until the hooks have run. A task with O(steps=finish) has to follow.
  returned: success
  type: bool
  sample: false
sessions_ended:
  description: How many other connections of the account were ended.
  returned: success
  type: int
  sample: 0
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

from ..module_utils._module.rotate import ROTATE


def main() -> None:
    ROTATE.context_module(AnsibleModule(supports_check_mode=True, **ROTATE.validation()))


if __name__ == "__main__":
    main()
