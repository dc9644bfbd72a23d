# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From secrets to the names of inventory hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .._cycle import tags
from .listing import Choice, Listed

# What the role takes where the inventory says nothing.
DEFAULT_SECRET_ID = "clients/{}/mysql/root"


def host_names(listed: Iterable[Listed], choice: Choice, taken: Iterable[str] = ()) -> dict[str, Listed]:
    """Return one host name for each secret: its tag rotation/client, or else the middle part of the secret's name.

    A name that two secrets claim goes to the one whose own name says the same; the other goes by its own. Names that
    are ``taken`` go to none: what is set for a host that is called as a group is would hold for the whole group.
    """
    hosts, taken = dict[str, Listed](), set(taken)
    for one in sorted(listed, key=lambda one: (_tagged(one) not in ("", _derived(one, choice)), one.secret.name)):
        claims = (_tagged(one), _derived(one, choice), _host_name(one.secret.name), _host_name(one.secret.arn))
        hosts[next(name for name in claims if name and name not in taken and name not in hosts)] = one
    return dict(sorted(hosts.items()))


def renamed(hosts: dict[str, Listed], choice: Choice) -> list[str]:
    """Return the hosts that could not get the name that the tag, or else the name, of their secret asks for."""
    return [name for name, one in hosts.items() if name != (_tagged(one) or _derived(one, choice))]


def _tagged(one: Listed) -> str:
    return _host_name(one.secret.tags.get(tags.CLIENT, ""))


def _derived(one: Listed, choice: Choice) -> str:
    return _host_name(one.secret.name[len(choice.name_prefix) : len(one.secret.name) - len(choice.name_suffix)])


def _host_name(text: str) -> str:
    """Write a text so that it can be named by --limit and has its file in host_vars/."""
    return re.sub(r"[^\w.@+=-]", "_", text).lstrip(".")
