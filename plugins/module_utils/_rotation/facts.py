# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rotation decides from: plain facts, with versions in place of passwords."""

from __future__ import annotations

from dataclasses import dataclass

SCHEDULED, ON_DEMAND, RECOVERY, ONBOARDING = "scheduled", "on_demand", "recovery", "onboarding"
TRIGGERS = (SCHEDULED, ON_DEMAND, RECOVERY, ONBOARDING)
UNATTENDED = (SCHEDULED, RECOVERY)


@dataclass(frozen=True)
class RowFacts:
    """One account row that a password opens.

    ``primary`` holds the versions of this secret whose password is the row's primary one; empty means a password
    that no version knows. ``secondary`` is None where there is no other password, and empty where there is a
    foreign one that a change would end.
    """

    name: str
    primary: frozenset[str]
    secondary: frozenset[str] | None = None
    login: bool = False
    adopted: bool = False

    @property
    def covered(self) -> bool:
        """Tell whether the row belongs to this secret."""
        return bool(self.primary) or self.adopted

    @property
    def ends_secondary(self) -> bool:
        """Tell whether there is another password that this secret may end."""
        return bool(self.secondary) or (self.adopted and self.secondary is not None)

    def opened_by(self, version: str) -> bool:
        """Tell whether a version's password opens the row."""
        return version in self.primary or version in (self.secondary or ())


@dataclass(frozen=True)
class PendingFacts:
    """The version under AWSPENDING, where it is not AWSCURRENT.

    ``reusable``: its other keys equal AWSCURRENT's, our generator could have made it and it is under a day old.
    ``same_keys``: its other keys equal AWSCURRENT's. ``newer``: not made before AWSCURRENT's version.
    """

    version: str
    same_keys: bool
    reusable: bool
    newer: bool


@dataclass(frozen=True)
class Facts:
    """Everything the decision depends on.

    ``recorded`` is the version for which the tags say that everything is done; ``previous`` the holder of
    AWSPREVIOUS. ``due`` tells whether the cycle has ended, ``mended`` that its tags were missing.
    """

    current: str
    previous: str | None
    pending: PendingFacts | None
    recorded: str | None
    rows: tuple[RowFacts, ...]
    trigger: str
    due: bool
    mended: bool = False

    @property
    def covered(self) -> tuple[RowFacts, ...]:
        """Give the rows that belong to this secret."""
        return tuple(row for row in self.rows if row.covered)

    def was_current(self, version: str) -> bool:
        """Tell whether a version is known to have been AWSCURRENT before."""
        return version in (self.previous, self.recorded)
