# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a run has come with a password, and in one sentence for each stage what is true if it ends there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto


class Stage(IntEnum):
    """The stages in their order; an error names the latest that the run reached."""

    NOTHING = auto()
    STORED = auto()
    TAKEN_OVER = auto()  # AWSCURRENT's password takes the place of another one on rows that were named
    SENT = auto()
    VERIFIED = auto()
    OVERTAKEN = auto()  # somebody else moved AWSCURRENT while the new password was on its way
    PROMOTED = auto()
    DISCARDING = auto()  # the statement that ends the old password was sent
    KEPT = auto()  # the old password stays valid on purpose
    KEPT_FOR_REPLICAS = auto()
    SETTLED = auto()  # the rows, read last, have AWSCURRENT's password and no other of ours


STATES = {
    Stage.NOTHING: "Nothing was changed, neither the secret nor the database.",
    Stage.STORED: "The server was not changed; a new password is stored as AWSPENDING ({stored}) and unused.",
    Stage.TAKEN_OVER: "AWSCURRENT opens the server as before; on the rows that were named another password may have"
    " ended.",
    Stage.SENT: "AWSCURRENT still opens the server; the new one, AWSPENDING ({stored}), may open it already.",
    Stage.VERIFIED: "Old and new password both open the server; AWSCURRENT is the old, AWSPENDING ({stored}) the new.",
    Stage.OVERTAKEN: "AWSCURRENT was moved by somebody else meanwhile; AWSPENDING ({stored}) opens the server.",
    Stage.PROMOTED: "The new password is AWSCURRENT and opens the server; the old one may still be valid.",
    Stage.DISCARDING: "The new password is AWSCURRENT and opens the server; the old one may still be valid.",
    Stage.KEPT: "The new password is AWSCURRENT; the old one stays valid until {kept_until} (overlap).",
    Stage.KEPT_FOR_REPLICAS: "The new password is AWSCURRENT; the old one stays valid for replica regions: {kept_for}.",
    Stage.SETTLED: "The new password is AWSCURRENT and the only one.",
}
# Where a row can hold one password only, its old one ends with the change.
STATES_OF_ONE_PASSWORD = {
    Stage.SENT: "AWSCURRENT is the old password; the new one, AWSPENDING ({stored}), may open it already.",
    Stage.VERIFIED: "The new password opens the server; AWSCURRENT is the old, AWSPENDING ({stored}) the new.",
}


@dataclass
class Progress:
    """The stage of the password that a run is at, and what else its sentence needs.

    ``lasting`` is what stays true of the server whatever becomes of the next password. ``stored`` is the version under
    AWSPENDING; ``promoted`` tells that this run made it AWSCURRENT; ``single`` that some row can hold one password
    only. ``kept_until`` is the end of the overlap where the old password stays valid on purpose, ``kept_for`` the
    replica regions for which it does, whatever the overlap.
    """

    stage: Stage = Stage.NOTHING
    lasting: Stage = Stage.NOTHING
    stored: str | None = None
    promoted: bool = False
    single: bool = False
    kept_until: str = ""
    kept_for: str = ""

    def begin(self, stored: str | None, *, sent: bool, single: bool) -> None:
        """Begin with a password; what an earlier one of this run came to is not true of it."""
        self.stage = Stage.SENT if sent else Stage.NOTHING
        self.stored, self.single, self.promoted = stored, single, False

    def reach(self, stage: Stage) -> None:
        """Note that a stage was reached."""
        self.stage = max(self.stage, stage)
        self.promoted = self.promoted or stage is Stage.PROMOTED

    def correct(self, *, sent: bool) -> None:
        """Note whether the rows have the password after all, after its statement failed."""
        self.stage = Stage.SENT if sent else Stage.NOTHING

    def take_over(self) -> None:
        """Note that AWSCURRENT's password takes the place of another."""
        self.lasting = max(self.lasting, Stage.TAKEN_OVER)

    def lose_label(self) -> None:
        """Note that somebody else moved AWSCURRENT, which matters where the new password was sent."""
        if Stage.SENT <= self.stage <= Stage.VERIFIED:
            self.lasting = Stage.OVERTAKEN

    def keep_for(self, regions: str) -> None:
        """Note that the old password stays valid for replica regions."""
        self.kept_for = regions
        self.reach(Stage.KEPT_FOR_REPLICAS)

    def keep_until(self, moment: str) -> None:
        """Note the moment until which the old password stays valid."""
        self.kept_until = moment
        self.stage = Stage.KEPT_FOR_REPLICAS if self.kept_for else Stage.KEPT

    def keep_nothing(self) -> None:
        """Forget for what the old password stayed valid, for it is decided anew."""
        self.kept_until = self.kept_for = ""
        if self.stage in (Stage.KEPT, Stage.KEPT_FOR_REPLICAS):
            self.stage = Stage.PROMOTED

    def state_left(self) -> str:
        """Return in one sentence what is true of the password now."""
        stage = max(self.stage, self.lasting, Stage.STORED if self.stored else Stage.NOTHING)
        states = STATES | STATES_OF_ONE_PASSWORD if self.single else STATES
        return states[stage].format(stored=self.stored, kept_until=self.kept_until, kept_for=self.kept_for)
