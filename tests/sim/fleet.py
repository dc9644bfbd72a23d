# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients of the year: what an inventory would say of them, and their servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from memory_server import HOSTS, MARIADB, MYSQL, hashed

from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import NATIVE
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp

from .faults import Faults, FaultyServer
from .history import DAY

# All are open at 01:15 UTC, when the schedule fires, on their days.
WINDOWS = (
    [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "00:00", "to": "05:00", "timezone": "Europe/Berlin"}],
    [{"days": ["mon", "wed"], "from": "19:00", "to": "23:30", "timezone": "America/New_York"}],
    [{"days": ["sat", "sun"], "from": "08:00", "to": "14:00", "timezone": "Asia/Tokyo"}],
    [{"days": ["tue"], "from": "22:00", "to": "04:00", "timezone": "Europe/London"}],
)
FREEZE_LENGTH = 3
FREEZE_EVERY = 90


@dataclass
class Client:
    """One host of the inventory."""

    name: str
    server: FaultyServer
    windows: list[dict[str, Any]]
    cycle_days: int = 40
    paused: dict[str, str] | None = None
    seen: str = ""  # the version that was AWSCURRENT when it was looked at last
    due: str = ""  # and the date on its secret

    @property
    def secret_id(self) -> str:
        return f"clients/{self.name}/mysql/root"


def make_fleet(number: int, dice: Random, faults: Faults) -> list[Client]:
    """Return clients on both kinds of server; every third may be changed only within windows, some more often."""
    return [_client(f"client_{n:03}", dice, faults) for n in range(number)]


def _client(name: str, dice: Random, faults: Faults) -> Client:
    rows = {host: [hashed(NATIVE, first_password(name))] for host in HOSTS}
    server = FaultyServer(dice.choice((MYSQL, MARIADB)), NATIVE, rows, server_id=name)
    server.faults = faults
    windows = dice.choice(WINDOWS) if dice.random() < 1 / 3 else []
    return Client(name, server, windows, cycle_days=dice.choice((40, 40, 40, 40, 30)))


def first_password(name: str) -> str:
    """Return the password that a client is onboarded with."""
    return f"By-Hand-{name}"


def freezes(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the release freezes of the whole fleet."""
    moment = start + 60 * DAY
    while moment < end:
        yield moment, moment + FREEZE_LENGTH * DAY
        moment += FREEZE_EVERY * DAY


def as_options(spans: Iterator[tuple[datetime, datetime]]) -> list[dict[str, str]]:
    """Return freezes as the inventory writes them."""
    return [{"from": stamp(begin), "to": stamp(end), "reason": "release"} for begin, end in spans]
