# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a limit selects, and whether that was meant. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from ansible.inventory.manager import split_host_pattern

ANY_OF = re.compile(r"[~@*?\[]")
SUBSCRIPT = re.compile(r"\[[^\]]*\]")


def unknown_names(limit: str, hosts: Collection[str]) -> list[str]:
    """Return the names in a limit, excluded ones among them, that the inventory does not have.

    Patterns and files are left out: that they match nothing may be meant.
    """
    names = [part.lstrip("!&").strip() for part in split_host_pattern(limit)]
    plain = [name for name in names if name and not ANY_OF.search(name)]
    return [name for name in dict.fromkeys(plain) if name not in hosts]


def undivided(pattern: str, names: Collection[str]) -> list[str]:
    """Return the parts of a pattern that Ansible does not divide at their colons, because there are commas, too."""
    parts = split_host_pattern(pattern) if "," in pattern else []
    return [part for part in parts if ":" in SUBSCRIPT.sub("", part) and part[0] != "~" and part not in names]


def everyone(
    there: Sequence[str], selected: Collection[str], jump_hosts: Callable[[Collection[str]], Collection[str]]
) -> list[str]:
    """Return the clients, where all of several that a play could work on are selected; nobody where it is fewer.

    Hosts that are only the way to a client are none. Who the jump hosts of some hosts are takes long to find out over
    a fleet, so this is computed only where it matters: a selection has no more jump hosts than clients.
    """
    others = set(there).difference(selected)
    if len(selected) < 2 or len(others) > len(selected):
        return []
    ways = set(jump_hosts(selected))
    clients = [host for host in there if host in set(selected) - ways]
    return clients if others <= ways and len(clients) > 1 else []
