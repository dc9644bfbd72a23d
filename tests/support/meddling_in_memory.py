# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do to rows in memory while a run is at work."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from memory_server import HOSTS, hashed
from memory_world import WORDS, C, World, rotate_in
from stopped_runs import start_world

from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import NATIVE
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError

FOREIGN = hashed(NATIVE, WORDS["foreign"])


def set_by_hand(world: World) -> None:
    """As ALTER USER ... IDENTIFIED BY on every row."""
    world.rows = {host: [FOREIGN] for host in world.rows}


def set_beside_the_second(world: World) -> None:
    """As ALTER USER ... IDENTIFIED BY, which leaves a retained password as it is."""
    world.rows = {host: [FOREIGN, *stored[1:]] for host, stored in world.rows.items()}


def set_on_one_row(world: World) -> None:
    world.rows[HOSTS[1]] = [FOREIGN]


def set_and_retained(world: World) -> None:
    """As with RETAIN CURRENT PASSWORD; on MariaDB a method beside ours."""
    world.rows = {host: [FOREIGN, stored[0]] for host, stored in world.rows.items()}


def second_by_hand(world: World) -> None:
    """Another password, and then the present one again with RETAIN CURRENT PASSWORD."""
    world.rows = {host: [stored[0], FOREIGN] for host, stored in world.rows.items()}


def row_by_hand(world: World) -> None:
    """A row that is made with a password of before."""
    world.rows["10.%"] = [hashed(NATIVE, WORDS[C])]


DEEDS = (set_by_hand, set_beside_the_second, set_on_one_row, set_and_retained, second_by_hand, row_by_hand)
MOST_STATEMENTS = 60


@dataclass
class Deed:
    """What a person does before the n-th statement of a run, with the rows as the server showed them last."""

    world: World
    number: int
    do: Callable[[World], None]
    seen: dict[str, list[str]] = field(default_factory=dict)
    done: bool = False

    def __call__(self, statement: str) -> None:
        self.number -= 1
        if self.number == 0:
            self.world.promised = frozenset()  # a person may lock whom he wants out
            self.do(self.world)
            self.done = True
        if "FROM mysql." in statement:
            self.seen = {host: list(stored) for host, stored in self.world.rows.items()}


def meddled(flavor: str, start: str, do: Callable[[World], None], **asked: Any) -> Iterator[tuple[World, Deed, Any]]:
    """Return the world, the deed and the result after a run before whose n-th statement a person did this."""
    for number in itertools.count(1):
        world = start_world(flavor, NATIVE, start)
        world.before_statement = deed = Deed(world, number, do)
        try:
            result: Any = rotate_in(world, **{"trigger": "on_demand", **asked})
        except RotationError as error:
            result = error
        if not deed.done:
            assert 10 < number < MOST_STATEMENTS
            return
        world.before_statement = lambda _statement: None
        yield world, deed, result
