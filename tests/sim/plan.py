# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong in a year, and what people ask for: thrown with dice that a seed makes the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from .faults import Faults
from .fleet import Client
from .history import DAY

DENIABLE = ("GetSecretValue", "DescribeSecret", "PutSecretValue", "UpdateSecretVersionStage", "TagResource")
# The last days are left in peace, so that what was begun can be finished.
PEACE_DAYS = 4
RUN_AT = timedelta(hours=1, minutes=15)
# Chances of a day for the whole fleet, and of a day for each client.
MISSED, DIES, LATE, DOUBLE, SNS_DOWN = 0.015, 0.015, 0.05, 0.1, 0.03
SERVER_DOWN, DENIED, ON_DEMAND, ROLLED_BACK, PAUSED, OTHER_CYCLE = 0.004, 0.003, 0.004, 0.001, 0.0008, 0.0003


@dataclass(frozen=True)
class Day:
    """One day of the plan; ``dies_after`` counts the changes of the world that its run lives to make."""

    begins: datetime
    missed: bool = False
    dies_after: int | None = None
    late: timedelta = timedelta()
    double: bool = False
    sns_down: bool = False

    @property
    def run_at(self) -> datetime:
        return self.begins + RUN_AT + self.late


class Plan:
    """The dice of a year over a fleet, and until when which trouble lasts."""

    def __init__(self, dice: Random, faults: Faults, end: datetime) -> None:
        self.dice, self.faults = dice, faults
        self.peace_from = end - PEACE_DAYS * DAY
        self._ends: dict[tuple[str, str], datetime] = {}

    def day(self, begins: datetime, fleet_size: int) -> Day:
        """Throw for the schedule's day."""
        if begins >= self.peace_from:
            return Day(begins)
        return Day(
            begins,
            missed=self._happens(MISSED),
            dies_after=self.dice.randrange(max(4, fleet_size // 6)) if self._happens(DIES) else None,
            late=timedelta(minutes=self.dice.randrange(45)) if self._happens(LATE) else timedelta(),
            double=self._happens(DOUBLE),
            sns_down=self._happens(SNS_DOWN),
        )

    def trouble(self, client: Client, now: datetime) -> None:
        """Begin and end what a client suffers from."""
        for what in [what for (name, what), end in self._ends.items() if name == client.name and end <= now]:
            self._end(client, what)
        if now >= self.peace_from:
            return
        self._throw(client, "server down", SERVER_DOWN, now, most_days=4)
        self._throw(client, "aws denied", DENIED, now, most_days=2)
        self._throw(client, "paused", PAUSED, now, most_days=15)
        if self._happens(OTHER_CYCLE):
            client.cycle_days = self.dice.choice((30, 40))

    def outlast(self, stranded: Client, unrecorded: Client, paused: Client) -> None:
        """Begin what the year does not see the end of."""
        self.begin(stranded, "server down", self.peace_from)
        self.begin(unrecorded, "aws denied", self.peace_from, denied="TagResource")
        self.begin(paused, "paused", self.peace_from)

    def begin(self, client: Client, what: str, end: datetime, denied: str = "") -> None:
        """Begin what a client suffers from until a moment."""
        self._ends[client.name, what] = end
        if what == "server down":
            self.faults.servers_down.add(client.name)
        elif what == "aws denied":
            self.faults.denied[client.secret_id] = denied or self.dice.choice(DENIABLE)
        else:
            client.paused = {"until": end.isoformat(), "reason": "migration"}

    def suffered(self, client: Client) -> list[str]:
        """Return what a client suffers from now."""
        return [what for name, what in self._ends if name == client.name]

    def asked_for(self, client: Client, now: datetime) -> str:
        """Return what a person asks for a client on this day, if anything."""
        if now >= self.peace_from:
            return ""
        if self._happens(ROLLED_BACK):
            return "rollback"
        return "rotate" if self._happens(ON_DEMAND) else ""

    def _throw(self, client: Client, what: str, chance: float, now: datetime, most_days: int) -> None:
        if (client.name, what) not in self._ends and self._happens(chance):
            self.begin(client, what, min(now + self.dice.randint(1, most_days) * DAY, self.peace_from))

    def _end(self, client: Client, what: str) -> None:
        del self._ends[client.name, what]
        self.faults.servers_down.discard(client.name if what == "server down" else "")
        if what == "aws denied":
            del self.faults.denied[client.secret_id]
        if what == "paused":
            client.paused = None

    def _happens(self, chance: float) -> bool:
        return self.dice.random() < chance
