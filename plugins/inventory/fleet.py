# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: fleet
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: List the clients from Secrets Manager
description:
  - Makes a host from the secret of each client, and groups by the state of the clients. Reads no value of a secret.
  - Makes one C(ListSecrets) call for each hundred secrets. The name of the configuration file is C(fleet.yml) or
    C(fleet.yaml), or ends in C(.fleet.yml) or C(.fleet.yaml).
  - The name of a host is the tag C(rotation/client) of its secret, or else the secret's name without O(name_prefix) and
    O(name_suffix). Characters that a host name cannot have become underscores. If two secrets claim one host name, the
    secret whose own name has it gets it. A host never gets the name of a group.
  - All hosts are in the group O(group). The settings of this file (access to AWS except keys, the calendar) are
    variables of that group, so the playbooks need no other file. The host variable C(rotation_tags) has all tags of a
    secret. C(rotation_secret_id) is set if the secret's name is not C(clients/NAME/mysql/root).
  - C(rotation_due) are clients that are due before the next scheduled run, C(rotation_overdue) those past their due
    date. C(rotation_pending) have an unfinished rotation, C(rotation_overlap) an old password after its overlap.
    C(rotation_never_rotated) were never rotated, C(rotation_failing) failed at the last attempt. C(rotation_notice)
    have a pending notice. C(rotation_brought_forward) are rotated today, so that no day has much more work than
    another.
  - C(rotation_candidates) are all clients with which a scheduled run may have work. C(playbooks/rotate_due.yml) visits
    only these, and decides again for each client, because a listing may be five minutes old. It warns of hosts that
    another file of the inventory has and that are not in C(rotation_listed), the group of all clients of a listing.
  - A client that runs as a Lambda function (tag C(rotation/runner)) is neither a candidate nor brought forward.
options:
  plugin:
    description:
      - The name of this plugin.
    type: str
    required: true
    choices: [dbops.rotation.fleet]
  name_prefix:
    description:
      - The start of the names of the clients' secrets.
    type: str
    default: clients/
  name_suffix:
    description:
      - The end of the names of the clients' secrets.
    type: str
    default: /mysql/root
  tags:
    description:
      - Tags that the clients' secrets must have. A tag without a value here may have any value.
    type: dict
    default: {}
  group:
    description:
      - The group of all clients.
    type: str
    default: clients
  group_prefix:
    description:
      - The start of the names of the groups of states.
      - C(rotation_candidates) and C(rotation_brought_forward) always have these names, because
        C(playbooks/rotate_due.yml) needs them.
    type: str
    default: rotation_
  cycle_days:
    description:
      - Days from one rotation to the next. A client with another number on its secret is in the groups of that number.
        If O(cycle_days) makes it due, it is a candidate, too.
    default: 40
  notice_days:
    description:
      - How many days before a rotation people get a notice.
    type: list
    elements: int
    default: [7, 1]
  notices:
    description:
      - Whether people get notices (C(rotation_topic_arn)). If not, a pending notice does not make a client a candidate.
    type: bool
    default: true
  ahead_days:
    description:
      - The longest time in days without a window, by windows and freezes that other files of the inventory set for a
        client. Clients that are due within this time are candidates, so that they do not miss their last window. Before
        one of O(freezes), so are those that are due within this time after it.
      - Set it to V(0) if O(windows) and O(freezes) apply to all clients.
    type: int
    default: 7
  assume_role_arn:
    aliases: [iam_role_arn]
extends_documentation_fragment:
  - dbops.rotation._aws
  - dbops.rotation._parameters
  - dbops.rotation._calendar
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - The identity needs C(secretsmanager:ListSecrets) on C(*).
  - Options of the access to AWS and those that select secrets may be templates.
  - The cache has names, tags and version ids. After a change of an option that selects secrets, empty it with
    C(--flush-cache).
  - Two files in one folder, for two regions or accounts, need an O(group) each, because the access to AWS is a variable
    of the group. Where a client of the second has the name of a client of the first, its host is called after its
    secret, and a warning says so.
  - Ansible goes on without an inventory file that it could not read. C(playbooks/rotate_due.yml) then fails. Set
    C(any_unparsed_is_failed) in the section C(inventory) of C(ansible.cfg), so that every run fails.
requirements:
  - boto3 >= 1.34
  - PyMySQL >= 1.2.0
  - cryptography >= 42
seealso:
  - module: dbops.rotation.rotation_cycle_info
"""

EXAMPLES = r"""
# fleet.yml: all secrets clients/*/mysql/root of a region.
plugin: dbops.rotation.fleet
region: eu-central-1

---
# production.fleet.yml: clients by their tags, with any secret name, in another account, with one calendar.
plugin: dbops.rotation.fleet
region: eu-central-1
assume_role_arn: "{{ lookup('ansible.builtin.env', 'ROTATION_ROLE') }}"
name_prefix: ''
name_suffix: ''
tags:
  environment: production
  rotation/client:
windows:
  - {days: [mon, tue, wed, thu], from: "22:00", to: "04:00", timezone: Europe/Berlin}
freezes:
  - {from: "2026-12-20", to: "2027-01-03", reason: turn of the year, timezone: Europe/Berlin}
ahead_days: 0

---
# Groups by any tag, such as tier_gold and tier_silver (-l tier_gold), and a group of clients that were last rotated on
# demand.
plugin: dbops.rotation.fleet
region: eu-central-1
keyed_groups:
  - key: rotation_tags.tier
    prefix: tier
groups:
  asked_for: rotation_tags['rotation/trigger'] == 'on_demand'
compose:
  rotation_overlap: rotation_tags.overlap | default(0)

---
# Groups with the names due, overdue, pending and so on, and a listing that is cached for five minutes.
plugin: dbops.rotation.fleet
region: eu-central-1
group_prefix: ''
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/rotation
cache_timeout: 300
"""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from ansible.plugins.inventory import Cacheable, Constructable

from ..module_utils._fleet.grouped import BROUGHT_FORWARD, CANDIDATES, GROUPS, Outlook, Standing, grouped, standing
from ..module_utils._fleet.listing import Choice, Listed, list_entries, read_entries
from ..module_utils._fleet.names import DEFAULT_SECRET_ID, host_names, renamed
from ..module_utils._module.cycle_options import CALENDAR_SPEC, policy
from ..module_utils._module.options import AWS_SPEC, Spec, secrets_client
from ..plugin_utils import _group_names as group_names
from ..plugin_utils._aws_inventory import AwsInventory
from ..plugin_utils._stored import plain, shown

CHECKED: Spec = {**AWS_SPEC, **CALENDAR_SPEC, "notice_days": {"type": "list", "elements": "int"}}
# The names under which playbooks/rotate_due.yml looks for them.
FIXED_NAMES = {CANDIDATES: group_names.CANDIDATES, BROUGHT_FORWARD: group_names.BROUGHT_FORWARD}
MOST_NAMED = 5
# The ARNs of the hosts of each inventory, for a second file like the first one.
LISTED: WeakKeyDictionary[Any, dict[str, str]] = WeakKeyDictionary()


class InventoryModule(AwsInventory, Constructable, Cacheable):
    """Lists the secrets of the clients."""

    NAME = "dbops.rotation.fleet"
    checked = CHECKED
    templatable = (*AwsInventory.templatable, "name_prefix", "name_suffix", "tags", "windows", "freezes")

    def _fill(self, config: Mapping[str, Any], path: str, cache: bool) -> None:
        own = self._validate(config, {})
        params = self._validate(config, self._read_parameters(own).values)
        outlook, choice, now = self._outlook(params), self._choice(), datetime.now(UTC)
        entries = read_entries(self._entries(params, choice, path, cache), choice)
        group = self.inventory.add_group(self.get_option("group"))
        self.inventory.add_child(self.inventory.add_group(group_names.LISTED), group)
        names = {state: self.inventory.add_group(self._group_name(state)) for state in GROUPS}
        # A group without hosts and variables is lost where an inventory is exported, as AWX does.
        for name in (*FIXED_NAMES.values(), group_names.LISTED):
            self.inventory.set_variable(name, "rotation_from_listing", True)
        hosts = host_names(entries, choice, {*self.inventory.groups, *self._other_clients(entries)})
        standings = {name: standing(name, listed, outlook, now) for name, listed in hosts.items()}
        self._add_clients(hosts, group, _shared(own, config))
        LISTED.setdefault(self.inventory, {}).update({name: one.secret.arn for name, one in hosts.items()})
        for state, clients in grouped(standings, now).items():
            for client in clients:
                self.inventory.add_child(names[state], client)
        self._construct(hosts)
        self._warn(hosts, choice, standings)

    def _other_clients(self, entries: list[Listed]) -> list[str]:
        """Return the hosts of another file like this one whose secrets are not among these."""
        arns = {one.secret.arn for one in entries}
        return [name for name, arn in LISTED.get(self.inventory, {}).items() if arn not in arns]

    def _outlook(self, params: Mapping[str, Any]) -> Outlook:
        ahead = self.get_option("ahead_days")
        if not 0 <= ahead <= 999:
            raise self._wrong(f"ahead_days is {ahead}, which is not a number from 0 to 999")
        return Outlook(policy(params), timedelta(days=ahead), self.get_option("notices"))

    def _choice(self) -> Choice:
        tags = self.get_option("tags")
        return Choice(
            self.get_option("name_prefix"),
            self.get_option("name_suffix"),
            {str(key): None if value is None else str(value) for key, value in tags.items()},
        )

    def _entries(self, params: Mapping[str, Any], choice: Choice, path: str, cache: bool) -> list[dict[str, Any]]:
        key, keeps = self.get_cache_key(path), self.get_option("cache")
        if keeps and cache and key in self._cache:
            listing: list[dict[str, Any]] = self._cache[key]
            return listing
        entries = list_entries(secrets_client(params), choice)
        if keeps:
            self._cache[key] = entries
        return entries

    def _group_name(self, state: str) -> str:
        return FIXED_NAMES.get(state) or f"{self.get_option('group_prefix')}{state}"

    def _add_clients(self, hosts: Mapping[str, Listed], group: str, shared: Mapping[str, Any]) -> None:
        for variable, value in shared.items():
            self.inventory.set_variable(group, variable, plain(value))
        for name, listed in hosts.items():
            self.inventory.add_host(name, group=group)
            self.inventory.set_variable(name, "rotation_tags", plain(listed.secret.tags))
            if listed.secret.name != DEFAULT_SECRET_ID.format(name):
                self.inventory.set_variable(name, "rotation_secret_id", plain(listed.secret.name))

    def _construct(self, hosts: Mapping[str, Listed]) -> None:
        options = {option: self.get_option(option) for option in ("compose", "groups", "keyed_groups")}
        strict = self.get_option("strict")
        for name in hosts if any(options.values()) else ():
            host = self.inventory.get_host(name)
            variables = host.get_vars()
            self._set_composite_vars(options["compose"], variables, name, strict)
            for variable in options["compose"].keys() & host.vars.keys():
                host.vars[variable] = plain(host.vars[variable])
            self._add_host_to_composed_groups(options["groups"], variables, name, strict)
            self._add_host_to_keyed_groups(options["keyed_groups"], variables, name, strict)

    def _warn(self, hosts: dict[str, Listed], choice: Choice, standings: Mapping[str, Standing]) -> None:
        odd = [name for name, one in standings.items() if one.unreadable]
        if odd:
            self.display.warning(f"Tags are missing or invalid; scheduled runs look at {_some(odd)}.")
        moved = renamed(hosts, choice)
        if moved:
            self.display.warning(
                "Some secrets name, by the tag rotation/client or by their names, another's client or a group; these"
                f" hosts are called after their secrets: {_some(moved)}. Give each client a name of its own in that"
                " tag."
            )


def _shared(params: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of all clients; keys to AWS are no variables, for an inventory is printed."""
    calendar = {name: params[name] for name in (*CALENDAR_SPEC, "notice_days") if name in config}
    return {
        # A template would not be rendered, and Ansible would look for a Python that may lack the libraries.
        "ansible_python_interpreter": sys.executable,
        "ansible_connection": "local",
        **{f"rotation_{name}": value for name, value in {**shown(params), **calendar}.items()},
    }


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
