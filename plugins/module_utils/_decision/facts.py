# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rotation decides from: plain facts, with versions in place of passwords."""

from __future__ import annotations

from dataclasses import dataclass

from .._triggers import UNATTENDED


@dataclass(frozen=True)
class RowFacts:
    """One account row that a password opens.

    ``primary`` holds the versions of this secret whose password is the row's primary one; empty means a password
    that no version knows. ``secondary`` is None where there is no other password, and empty where there is only a
    foreign one. ``foreign`` tells that one of several others is, as a row of MariaDB may have them.
    """

    name: str
    primary: frozenset[str]
    secondary: frozenset[str] | None = None
    login: bool = False
    adopted: bool = False
    foreign: bool = False

    @property
    def covered(self) -> bool:
        """Return True if the row belongs to this secret."""
        return bool(self.primary) or self.adopted

    @property
    def ends_secondary(self) -> bool:
        """Return True if there is another password that this secret may end."""
        return bool(self.secondary) or (self.adopted and self.secondary is not None)

    @property
    def has_unknown(self) -> bool:
        """Return True if a password that no version knows is in the way of a change."""
        return not self.adopted and (self.foreign or not self.primary or self.secondary == frozenset())

    @property
    def only_second(self) -> bool:
        """Return True if a password of this secret opens the row behind one that no version knows."""
        return not self.primary and bool(self.secondary)

    def opened_by(self, version: str) -> bool:
        """Return True if a version's password opens the row."""
        return version in self.primary or version in (self.secondary or ())


@dataclass(frozen=True)
class PendingFacts:
    """The version under AWSPENDING, where it is not AWSCURRENT.

    ``reusable``: its other keys equal AWSCURRENT's, our generator could have made it and it is under a day old.
    ``same_keys``: its other keys equal AWSCURRENT's. ``newer``: not made before AWSCURRENT's version. ``empty``: it has
    no value yet, because Secrets Manager has reserved it for a rotation of its own.
    """

    version: str
    same_keys: bool
    reusable: bool
    newer: bool
    empty: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything the decision depends on.

    ``recorded`` is the version for which the tags say that everything is done; ``previous`` the holder of AWSPREVIOUS.
    ``due`` tells whether the cycle has ended, ``tags_need_repair`` that a tag is missing or has outlived its use.
    ``waits_for_hooks`` tells that hooks are to run before the old password ends, ``hooks_version`` is the version
    promoted for that. ``skip_reason`` says why a person's run begins no rotation, where it does not. ``overlapping``
    tells that the old password is promised to stay valid for now. ``rollback`` is the version that a rollback made,
    ``restorable`` tells that AWSPREVIOUS holds a password to go back to. ``by_administrator`` tells that another
    account opened the server. ``undecryptable`` are versions whose password could not be read. ``overlap_over`` tells
    that the tags speak of an overlap that is over; it is written too where a replica region lags, so that the next
    scheduled run looks again. ``lagging`` says which regions do. ``forced`` tells that a person does not want to wait
    for them. ``refused`` are versions that the server is remembered to have refused. ``token`` is the version that
    Secrets Manager has reserved, where its own rotation runs; ``stores_only`` tells that this ends with what is stored.
    """

    current: str
    previous: str | None
    pending: PendingFacts | None
    recorded: str | None
    rows: tuple[RowFacts, ...]
    trigger: str
    due: bool
    tags_need_repair: bool = False
    waits_for_hooks: bool = False
    hooks_version: str | None = None
    skip_reason: str = ""
    overlapping: bool = False
    rollback: str | None = None
    restorable: bool = False
    by_administrator: bool = False
    undecryptable: tuple[str, ...] = ()
    overlap_over: bool = False
    lagging: tuple[str, ...] = ()
    forced: bool = False
    refused: frozenset[str] = frozenset()
    token: str | None = None
    stores_only: bool = False

    @property
    def covered(self) -> tuple[RowFacts, ...]:
        """Return the rows that belong to this secret."""
        return tuple(row for row in self.rows if row.covered)

    @property
    def covered_names(self) -> frozenset[str]:
        """Return the names of the rows that belong to this secret."""
        return frozenset(row.name for row in self.covered)

    @property
    def behind(self) -> tuple[RowFacts, ...]:
        """Return the rows of this secret whose first password is not AWSCURRENT's."""
        return tuple(row for row in self.covered if self.current not in row.primary)

    def was_current(self, version: str) -> bool:
        """Return True if a version is known to have been AWSCURRENT before."""
        return version in (self.previous, self.recorded)

    @property
    def current_opens(self) -> bool:
        """Return True if AWSCURRENT's password opens any covered row."""
        return any(row.opened_by(self.current) for row in self.covered)

    @property
    def stored(self) -> bool:
        """Return True if a password waits under AWSPENDING that was never current."""
        return self.pending is not None and not (self.pending.empty or self.was_current(self.pending.version))

    @property
    def reserved(self) -> str | None:
        """Return the version that Secrets Manager has reserved for this run, where it has no value yet."""
        pending = self.pending
        return self.token if pending and pending.empty and pending.version == self.token else None

    @property
    def comes_again(self) -> bool:
        """Return True if nobody thinks between two attempts: a schedule repeats its runs, Secrets Manager its steps."""
        return self.trigger in UNATTENDED or self.token is not None

    @property
    def begun(self) -> str | None:
        """Return the version that a rotation has put on rows without promoting it."""
        # Where its label was taken away meanwhile, that it is primary over AWSCURRENT proves that it came later.
        over = {version for row in self.covered if self.is_over_current(row) for version in row.primary}
        return self._begun_pending or min((version for version in over if not self.was_current(version)), default=None)

    @property
    def label_moved_back(self) -> bool:
        """Return True if AWSCURRENT was given to an earlier version again while the server holds the later one."""
        followed = any(self.current in row.primary for row in self.covered)
        later = any(self.was_current(version) for row in self.covered for version in row.primary)
        return later and not followed and self._begun_pending is None

    def shows_label_moved_back(self, row: RowFacts) -> bool:
        """Return True if a row proves that: AWSCURRENT's password is its older one, a former one its newer."""
        later = any(self.was_current(version) for version in row.primary)
        return later and self.is_over_current(row) and self._begun_pending not in row.primary

    def is_over_current(self, row: RowFacts) -> bool:
        """Return True if AWSCURRENT's password is only the second one, so that changing the row would end it."""
        return self.current not in row.primary and self.current in (row.secondary or ())

    @property
    def _begun_pending(self) -> str | None:
        version = self.pending.version if self.pending else None
        begun = version and not self.was_current(version) and any(version in row.primary for row in self.rows)
        return version if begun else None
