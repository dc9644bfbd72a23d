# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of one client's run, numbered in the order in which the proxies see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from http_messages import Fate

AWS, DB = "aws", "db"
READS = ("DescribeSecret", "GetSecretValue")


@dataclass(frozen=True)
class Step:
    """One AWS request, the opening of a database connection, or what a client sends on one after hearing the server."""

    number: int
    service: str
    what: str

    @property
    def operation(self) -> str:
        """`GetSecretValue` and the like; of a database step, words that tell nothing of what is in it."""
        return self.what.partition(" ")[0]

    @property
    def reads(self) -> bool:
        """Whether AWS is asked for the state of the secret."""
        return self.service == AWS and self.operation in READS

    @property
    def tells_of_labels(self) -> bool:
        """Whether its answer tells a run that somebody has moved a label."""
        return self.reads or self.operation == "UpdateSecretVersionStage"

    def __str__(self) -> str:
        return f"{self.service} {self.what}"


class Disturbance(Protocol):
    """What happens at the steps of a run."""

    async def before(self, step: Step) -> Fate:
        """Before the server gets it."""

    async def after(self, step: Step) -> Fate:
        """When the server has answered, before the client hears it."""


class Undisturbed:
    """Nothing happens."""

    async def before(self, _step: Step) -> Fate:
        return Fate.PASS

    async def after(self, _step: Step) -> Fate:
        return Fate.PASS


class Course:
    """The steps of one run so far, and what disturbs it."""

    def __init__(self) -> None:
        """Begin a run that nothing disturbs."""
        self.begin(Undisturbed())

    def begin(self, disturbance: Disturbance) -> None:
        """Begin another run: count from 1 again."""
        self.disturbance = disturbance
        self.steps: list[Step] = []
        self._counts: Counter[str] = Counter()

    def request(self, operation: str) -> Step:
        """An AWS request."""
        return self._step(AWS, f"{operation} #{self._count(operation)}")

    def connection(self) -> int:
        """The number of a new database connection."""
        return self._count("connection")

    def opening(self, connection: int) -> Step:
        """The opening of a database connection."""
        return self._step(DB, f"opening of connection {connection}")

    def flight(self, connection: int) -> Step:
        """What a client sends after it has heard the server."""
        return self._step(DB, f"flight {self._count(f'flight {connection}')} of connection {connection}")

    def _count(self, what: str) -> int:
        self._counts[what] += 1
        return self._counts[what]

    def _step(self, service: str, what: str) -> Step:
        self.steps.append(Step(len(self.steps) + 1, service, what))
        return self.steps[-1]


def farewells(steps: Iterable[Step]) -> frozenset[str]:
    """The steps with which a client leaves a connection: nobody answers them, so the next may come before them."""
    last = {step.what.rpartition(" ")[2]: step.what for step in steps if step.service == DB}
    return frozenset(last.values())
