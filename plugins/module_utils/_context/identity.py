# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server a client's secret belongs to, as its tags remember it, and which servers may take that one's place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from .._codes import Code
from .._cycle import tags
from .._db.server import Server
from .._errors import RotationError
from .._stamp import stamp
from .._triggers import ONBOARDING

# Of a server_uuid the part that is made anew for every server; nine of them, the most a group may have, fit a tag.
ID_LENGTH = 18
MOST_MEMBERS = 9
LABEL = r"[A-Za-z0-9._-]{1,32}"
DIGEST_LENGTH = 32
# How old a listing of Secrets Manager may be, and how far apart two clocks.
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
LISTING_LAG = timedelta(minutes=5) + tags.SKEW


@dataclass(frozen=True)
class Identity:
    """The server that answered, the ids that a client declares as its own, and what the tags remember.

    ``label`` is a person's word that tells this server from another one that gives the same identity. ``account`` is
    what the secret claims, ``claimed`` since when, where no rotation has confirmed it; ``is_first`` tells that
    no earlier release has rotated it.
    """

    server: Server
    remembered: str = ""
    learned: tuple[str, ...] = ()
    declared: frozenset[str] = frozenset()
    label: str = ""
    known_label: str = ""
    user: str = ""
    account: str = ""
    claimed: datetime | None = None
    is_first: bool = False

    @property
    def place(self) -> str:
        """Return the server, and the word that tells it from another."""
        return f"{self.server.server_id} {self.label}".rstrip()

    @property
    def tag(self) -> str:
        """Return what the tag of the server holds."""
        return tags.WITH_ACCOUNT + self.place

    @property
    def is_remembered(self) -> bool:
        """Return True if the tag names this server, in today's form or an earlier one, or no server yet."""
        return self.remembered in ("", self.server.server_id, *self.server.former_ids)

    @property
    def is_ours(self) -> bool:
        """Return True if this server is the remembered one or may take its place."""
        return self.is_remembered or self.server.server_id in self.declared or self.is_of_the_group

    @property
    def is_of_the_group(self) -> bool:
        """Return True if the remembered group goes on here: this server, or another of its members, was of it.

        A clone of a member that made a group of its own under the same name has none of the remembered members.
        """
        here = {_short(server_id) for server_id in self.company if server_id not in self.declared}
        return bool(here & {_short(self.remembered), *self.learned})

    @property
    def is_settled(self) -> bool:
        """Return True if an earlier run proved that no other secret holds an account of this server."""
        declared = {self.remembered, self.server.server_id} <= self.declared
        is_known = self.remembered != "" and (self.is_remembered or self.is_of_the_group or declared)
        return is_known and self.label == self.known_label and self._is_confirmed

    @property
    def _is_confirmed(self) -> bool:
        """Return True if a rotation, of an earlier release perhaps, proved that the account is this secret's alone."""
        if not self.account:
            return not self.is_first
        return self.claims(self.account) and self.claimed is None

    def claims(self, account: str) -> bool:
        """Return True if this is the account of this user, on the server that is remembered."""
        return account == account_of(f"{self.remembered} {self.known_label}".rstrip(), self.user)

    @property
    def is_just_claimed(self) -> bool:
        """Return True if the claim is so young that a listing which does not show it may hide another's as well."""
        return self.claimed is not None and datetime.now(UTC) - self.claimed < LISTING_LAG

    @property
    def is_new(self) -> bool:
        """Return True if the tag speaks of a server that this one does not stand for, or of none by this word."""
        return not self.is_ours or self.label != self.known_label

    @property
    def company(self) -> frozenset[str]:
        """Return the ids of every server that may take this one's place."""
        members = (member.server_id for member in self.server.members)
        return self.declared | {self.server.server_id, *members}

    def rivals(self) -> frozenset[str]:
        """Return the servers by which another secret would hold an account of this one."""
        if self.label:
            return frozenset((self.place,))
        return self.company | frozenset(self.server.former_ids)

    def rival_accounts(self) -> frozenset[str]:
        """Return the accounts that another secret would claim; one for each server, as each writes that of its own."""
        return frozenset(account_of(place, self.user) for place in self.rivals())

    def written(self) -> dict[str, str]:
        """Return the tags that a rotation writes; the members are emptied only where some are remembered."""
        members = sorted(_short(member.server_id) for member in self.server.members)[:MOST_MEMBERS]
        together = {tags.SERVER_IDS: " ".join(members)} if members or self.learned else {}
        return {tags.SERVER_ID: self.tag, tags.ACCOUNT: account_of(self.place, self.user), **together}

    def claiming(self) -> dict[str, str]:
        """Return the tags of a secret that is made: the next rotation has to confirm that the account is its alone."""
        written = self.written()
        return {**written, tags.ACCOUNT: f"{written[tags.ACCOUNT]} {stamp(datetime.now(UTC))}"}


def account_of(place: str, user: str) -> str:
    """Return the digest of a server and a user name, which fits a tag and a filter whatever the name."""
    return hashlib.sha256(f"{place}\n{user}".encode()).hexdigest()[:DIGEST_LENGTH]


def identity_of(
    server: Server, remembered: Mapping[str, str], declared: Collection[str] = (), label: str = "", *, user: str
) -> Identity:
    """Read the tags of a secret for the server that answered, and for the user whom the secret names."""
    place = remembered.get(tags.SERVER_ID, "")
    server_id, _space, known_label = place.removeprefix(tags.WITH_ACCOUNT).partition(" ")
    learned = tuple(remembered.get(tags.SERVER_IDS, "").split())
    account, claimed = tags.claim(remembered)
    identity = Identity(
        server,
        server_id,
        learned,
        frozenset(declared),
        label,
        known_label,
        user,
        account,
        claimed,
        is_first=place.startswith(tags.WITH_ACCOUNT) or remembered.get(tags.TRIGGER) == ONBOARDING,
    )
    # The word was said of the server that is remembered, not of any that may follow.
    return replace(identity, label=known_label) if identity.is_ours and not label else identity


def refuse_invalid_label(label: str) -> None:
    """Raise a RotationError where a word cannot stand in the tag."""
    if label and not re.fullmatch(LABEL, label):
        raise RotationError(
            "The server's label must be one word of at most 32 letters, digits, dots, dashes and underscores.",
            code=Code.INVALID_OPTION,
            next_step="Set {option|server_label} to such a word, or leave it empty.",
        )


def _short(server_id: str) -> str:
    return server_id[:ID_LENGTH]
