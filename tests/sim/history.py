# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened, as Secrets Manager, the queue behind the topic and the plan of troubles tell it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

from ansible_collections.dbops.rotation.plugins.module_utils._cycle.spread import daily_mean

DAY = timedelta(days=1)
EVERYONE = ""
# The kinds of trouble that keep a client from being rotated in time.
HINDRANCES = frozenset({"missed run", "death", "server down", "aws denied", "paused"})


@dataclass(frozen=True)
class Change:
    """A version became AWSCURRENT; ``cycle_days`` is the cycle that begins with it, ``due`` the date on its secret."""

    client: str
    at: datetime
    version: str
    trigger: str
    cycle_days: int
    due: str = ""


@dataclass(frozen=True)
class Message:
    """A notice, as the queue got it."""

    client: str
    at: datetime
    event: str
    notice_id: str
    version: str = ""
    failed_at: str = ""


@dataclass(frozen=True)
class Trouble:
    """What was made to go wrong, for one client or for everyone."""

    at: datetime
    kind: str
    client: str = EVERYONE


@dataclass(frozen=True)
class Failure:
    """A run could not change a client."""

    client: str
    at: datetime


@dataclass(frozen=True)
class Remainder:
    """Something that the end of the year finds unfinished."""

    client: str
    what: str


@dataclass
class History:
    """Everything that the checks need.

    ``cycles`` holds the cycle of each client at the end, in days; on the days of ``freezes`` nobody is rotated.
    """

    start: datetime
    end: datetime
    cycles: dict[str, int]
    freezes: frozenset[date]
    changes: list[Change] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    lockouts: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    remainders: list[Remainder] = field(default_factory=list)

    @property
    def daily_mean(self) -> float:
        """Return the scheduled rotations of a day on average."""
        return daily_mean(self.cycles.values())

    def intervals(self) -> Iterator[tuple[Change, Change]]:
        """Yield each change with the one that followed it for the same client."""
        for client in self.cycles:
            yield from pairwise(change for change in self.changes if change.client == client)

    def troubled(self, client: str, since: datetime, until: datetime, *kinds: str) -> bool:
        """Return True if one of these kinds of trouble met a client in a span of time."""
        return any(
            trouble.kind in kinds and trouble.client in (EVERYONE, client) and since <= trouble.at <= until
            for trouble in self.troubles
        )

    def hindered(self, client: str, until: datetime, days: int = 15) -> bool:
        """Return True if something kept a client from being rotated, in days enough for its last two weekly windows."""
        return self.troubled(client, until - days * DAY, until, *HINDRANCES)
