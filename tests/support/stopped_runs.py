# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in memory that meet trouble at any of their effects."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from memory_server import MARIADB, MYSQL
from memory_world import C, P, PowerCut, U, V, World, make_world, rotate_in

from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import ED25519, NATIVE
from ansible_collections.dbops.rotation.plugins.module_utils._errors import ConnectionLost, RotationError

STARTS = {
    "clean": {},
    "one row": {"rows": ((C,),)},
    "stored": {"pending": P},
    "applied to one row": {"pending": P, "rows": ((P, C), (C,))},
    "applied to the other row": {"pending": P, "rows": ((C,), (P, C))},
    "applied, other keys changed": {"pending": P, "rows": ((P, C), (P, C)), "other_keys": True},
    "applied, label taken away": {"rows": ((U, C), (U, C))},
    "not discarded": {"recorded": V, "rows": ((C, V), (C, V))},
}
KINDS = [
    *((flavor, NATIVE, start) for flavor in (MYSQL, MARIADB) for start in STARTS),
    *((MARIADB, ED25519, start) for start in ("clean", "one row", "stored")),
]
MOST_EFFECTS = 11
over_every_kind = pytest.mark.parametrize(("flavor", "plugin", "start"), KINDS)


def start_world(flavor: str, plugin: str, start: str) -> World:
    if plugin == ED25519:
        pytest.importorskip("nacl.bindings")
    world = make_world(flavor, plugin, **STARTS[start])  # type: ignore[arg-type]
    world.promised = frozenset(world.rows)
    return world


def at_effect(number: int, action: Callable[[str], None]) -> Callable[[str], None]:
    """Do something at the n-th effect, counted from 0, and only then."""
    counter = itertools.count()

    def hook(effect: str) -> None:
        if next(counter) == number:
            action(effect)

    return hook


def cut(_effect: str) -> None:
    raise PowerCut


def lose_answer(effect: str) -> None:
    if effect == "alter":
        raise ConnectionLost("broken", code="connection_lost")
    raise RotationError("no answer", code="aws_unreachable")


def stopped_worlds(
    flavor: str,
    plugin: str,
    start: str,
    trouble: Callable[[str], None],
    begin: Callable[[str, str, str], World] = start_world,
    **asked: Any,
) -> Iterator[World]:
    """Return the world after a run that met trouble before or after its n-th effect, for every n."""
    for number, moment in itertools.product(range(MOST_EFFECTS), ("before_effect", "after_effect")):
        world = begin(flavor, plugin, start)
        setattr(world, moment, at_effect(number, trouble))
        with contextlib.suppress(PowerCut, RotationError):
            rotate_in(world, **{"trigger": "on_demand", **asked})
        if len(world.effects) < number:
            return
        setattr(world, moment, lambda _effect: None)
        yield world
