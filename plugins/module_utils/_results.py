# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the results of our tasks are read by those who only watch them: the progress of a run, and its audit trail.

A result may come from anywhere and have any shape; only keys that the modules document are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

COLLECTION = "dbops.rotation."


def module_name(action: object) -> str:
    """Return the name of one of our modules, however a task names it; any other action stays as it is."""
    return str(action).removeprefix(COLLECTION)


def results_of(result: Mapping[str, Any], *, failed: bool) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Yield a result, or those of a loop, with whether it failed; the failed ones last, for the last one counts."""
    items = result.get("results")
    if not isinstance(items, list):
        yield result, failed
        return
    results = [item for item in items if isinstance(item, Mapping) and not item.get("skipped")]
    for item in sorted(results, key=lambda item: bool(item.get("failed"))):
        yield item, bool(item.get("failed"))


def text(result: Mapping[str, Any], key: str) -> str:
    """Return a text of a result; empty where there is none."""
    value = result.get(key)
    return value if isinstance(value, str) else ""


def number(result: Mapping[str, Any], key: str) -> float:
    """Return a number of a result; 0 where there is none."""
    value = result.get(key)
    return value if isinstance(value, (int, float)) else 0


def mapping(result: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a dictionary of a result; empty where there is none."""
    value = result.get(key)
    return value if isinstance(value, Mapping) else {}


def mappings(result: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the dictionaries of a list of a result; empty where there is none."""
    value = result.get(key)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def left_out(listing: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each client that a listing has left out of a scheduled run, with what it says of the client's cycle."""
    for state in mappings(listing, "idle"):
        clients = state.get("clients")
        yield from ((str(client), state) for client in (clients if isinstance(clients, list) else ()))
