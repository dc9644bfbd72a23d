# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: hosts
version_added: 0.2.0
author:
  - dbops.rotation maintainers (@dbops)
short_description: Return the hosts of a play, and fail if there are none
description:
  - Returns the pattern unchanged, for the C(hosts) of a play. Ansible reads C(hosts) before the first task, so this
    check also runs for a play without hosts. Ansible itself then only prints C(no hosts matched), and ends with status
    0.
  - Fails if the inventory has no host, if the pattern matches none, or if the limit leaves none of them. The message
    says which, and whether Ansible ignored an C(ansible.cfg). Fails if a pattern has commas and colons, for Ansible
    would leave out what stands between commas and has a colon.
  - A group of the inventory plugin P(dbops.rotation.fleet#inventory) whose name begins with C(rotation_) may be empty.
    Then there is nothing to do, and the run succeeds, unless the inventory has no host at all or one of its files could
    not be read.
  - Warns of hosts that are in no listing, if it returns C(rotation_candidates), O(variable) is not set and an earlier
    play of the run has had a host. Leaves out those with an C(ansible_connection) of their own, such as jump hosts.
  - Warns if neither P(dbops.rotation.rotation_audit#callback) nor P(dbops.rotation.rotation_progress#callback) is
    enabled.
  - With O(listing), returns only those of the hosts that an earlier play of the run has found to have work.
  - With O(also) or O(without), returns the names of the hosts. Two patterns must not be joined as texts. Where one has
    a comma, Ansible divides neither at a colon, so that V(all:!client_acme,client_globex) is C(client_globex) alone.
  - Checks nothing if Ansible only lists the play or checks its syntax.
options:
  _terms:
    description:
      - The pattern.
    type: list
    elements: str
    required: true
  variable:
    description:
      - The variable with which a user sets the pattern, for the message.
    type: str
    default: rotation_hosts
  listing:
    description:
      - The variable in which an earlier play over the same hosts has registered the result of
        M(dbops.rotation.rotation_candidates_info). If there is none, the pattern is returned unchanged.
    type: str
  also:
    description:
      - A second pattern, whose hosts are returned, too. It may match none.
    type: str
  without:
    description:
      - A second pattern, whose hosts are left out. It may match none.
    type: str
  without_callbacks:
    description:
      - Do not warn if the callbacks are off.
    type: bool
    default: false
    env: [{name: ROTATION_WITHOUT_CALLBACKS}]
    vars: [{name: rotation_without_callbacks}]
"""

EXAMPLES = r"""
- name: Check every client
  hosts: "{{ lookup('dbops.rotation.hosts', rotation_hosts | default('all')) }}"
  strategy: linear
  connection: local
  gather_facts: false
  module_defaults:
    group/dbops.rotation.all:
      from_variables: connection
  tasks:
    - name: Verify
      ansible.builtin.import_role:
        name: dbops.rotation.rotation
        tasks_from: verify
"""

RETURN = r"""
_raw:
  description: The pattern.
  type: list
  elements: str
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible import constants, context
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.inventory.manager import InventoryManager
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ..module_utils._clean import one_line
from ..plugin_utils._awx_job import in_awx_job
from ..plugin_utils._configuration import Configuration, no_client, no_secret, not_enabled
from ..plugin_utils._group_names import CANDIDATES, LISTED, UNREAD
from ..plugin_utils._selection import undivided

ONLY_LOOKS = ("syntax", "listhosts", "listtasks", "listtags")
STATES = "rotation_"
MOST_LOOKED_AT = 100  # to compute the variables of a host takes time
NOBODY = "all:!all"
# A name that a pattern takes as it is, alone and among others; and in a regex, what may mean something else.
PLAIN = re.compile(r"[\w.@+=-]+")
UNFIT = re.compile(r"[^\w@=-]")
SHOWN = 200


def named(hosts: Sequence[str]) -> str:
    """Return a pattern of these hosts. A name that Ansible would divide or read is written as a regular expression."""
    return ",".join(host if PLAIN.fullmatch(host) else f"~{UNFIT.sub('.', host)}$" for host in hosts) or NOBODY


class LookupModule(LookupBase):
    """Ask the inventory, as far as a lookup knows it, what a pattern selects."""

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **options: Any) -> list[str]:
        """Return the patterns unchanged. Raise AnsibleLookupError if one selects no host."""
        host_vars = variables or {}
        self.set_options(var_options=host_vars, direct=options)
        if not any(context.CLIARGS.get(name) for name in ONLY_LOOKS):
            configuration = Configuration(constants.CONFIG_FILE, Path.cwd())
            for pattern in terms:
                self._refuse_undivided(pattern, host_vars["groups"])
                self._refuse_nobody(pattern, host_vars, configuration)
                # Before a run has worked on any host, Ansible tells nothing of the variables of hosts.
                if pattern == CANDIDATES and "hostvars" in host_vars and self.get_option("variable") not in host_vars:
                    self._warn_of_unlisted(host_vars)
            self._warn(configuration)
            if self.get_option("listing"):
                return [self._with_work(pattern, host_vars) for pattern in terms]
        return [self._combined(pattern, host_vars.get("groups", {})) for pattern in terms]

    def _with_work(self, pattern: str, variables: Mapping[str, Any]) -> str:
        """Return those of a pattern that a listing has not left out."""
        hosts = self._hosts(pattern, variables["groups"], variables.get("ansible_limit"))
        told = variables["hostvars"][hosts[0]].get(self.get_option("listing")) if hosts else None
        return pattern if not told or "visit" not in told else named(told["visit"])

    def _combined(self, pattern: str, groups: Mapping[str, Sequence[str]]) -> str:
        """Return a pattern with the hosts of another one, or without them."""
        more, less = self.get_option("also"), self.get_option("without")
        if not (more or less):
            return pattern
        hosts = [*self._hosts(pattern, groups, None), *(self._hosts(more, groups, None) if more else ())]
        left_out = set(self._hosts(less, groups, None) if less else ())
        return named([host for host in dict.fromkeys(hosts) if host not in left_out])

    def _refuse_undivided(self, pattern: str, groups: Mapping[str, Sequence[str]]) -> None:
        patterns = filter(None, (pattern, self.get_option("also"), self.get_option("without")))
        names = {*groups, *groups["all"]}
        lost = [part for one in patterns for part in undivided(one, names)]
        if lost:
            raise AnsibleLookupError(
                f"Ansible divides a pattern at its commas or at its colons, and so finds no host {lost[0]!r}. Nothing"
                f" was changed. Next: use only commas in {self.get_option('variable')} and rotation_canaries."
            )

    def _refuse_nobody(self, pattern: str, variables: Mapping[str, Any], configuration: Configuration) -> None:
        groups, limit = variables["groups"], variables.get("ansible_limit")
        of_listing = pattern.startswith(STATES) and pattern in groups
        if of_listing and UNREAD in groups:
            raise AnsibleLookupError(
                "Ansible could not read a file of the inventory, and says above which one and why; so the clients of"
                " that file are missing. Nothing was changed. Next: repair what it says, and run the same command"
                " again."
            )
        if (of_listing and groups["all"]) or self._hosts(pattern, groups, limit):
            return
        shown = one_line(pattern, SHOWN)
        if self._hosts(pattern, groups, None):
            raise AnsibleLookupError(
                f"The limit {one_line(limit or '', SHOWN)!r} leaves none of the hosts of {shown!r}. Nothing was"
                " changed. Next: correct the limit."
            )
        if not groups["all"]:
            sources = ", ".join(variables.get("ansible_inventory_sources") or ["none"])
            if of_listing:
                raise AnsibleLookupError(no_secret(one_line(sources, SHOWN)))
            raise AnsibleLookupError(no_client(configuration, one_line(sources, SHOWN), awx=in_awx_job()))
        raise AnsibleLookupError(
            f"{shown!r} matches none of the {len(groups['all'])} hosts of the inventory. Nothing was changed. Next:"
            f" correct {self.get_option('variable')}."
        )

    def _hosts(self, pattern: str, groups: Mapping[str, Sequence[str]], limit: str | None) -> Sequence[str]:
        """Return the hosts that a pattern matches."""
        if pattern == "all" and limit is None:
            return groups["all"]
        manager = InventoryManager(self._loader, parse=False)
        for group, hosts in groups.items():
            manager.add_group(group)
            for host in hosts:
                manager.add_host(host, group=group)
        try:
            manager.subset(limit)
            return [host.name for host in manager.get_hosts(pattern)]
        except AnsibleError:  # a pattern or a file that Ansible tells of by itself
            return []

    def _warn_of_unlisted(self, variables: Mapping[str, Any]) -> None:
        """Warn of hosts that look like clients and that no scheduled run visits, as no listing has their secrets."""
        groups, hostvars = variables["groups"], variables["hostvars"]
        listed = set(groups.get(LISTED, groups["all"]))
        there = self._hosts("all", groups, variables.get("ansible_limit"))
        others = [host for host in there if host not in listed][:MOST_LOOKED_AT]
        lost = [host for host in others if hostvars[host].get("ansible_connection", "local") == "local"]
        if lost:
            Display().warning(
                f"No scheduled run visits {one_line(', '.join(lost), SHOWN)}: the inventory has them, but none of the"
                " secrets that it lists. Next: see whether their secrets are there, and whether region, access and tags"
                f" of the listing are right; if they are no clients, say -e {self.get_option('variable')}={CANDIDATES}."
            )

    def _warn(self, configuration: Configuration) -> None:
        warning = not_enabled(configuration, constants.CALLBACKS_ENABLED)
        if warning and not self.get_option("without_callbacks"):
            Display().warning(warning)
