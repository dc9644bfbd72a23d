# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has done so far: steps with their times, logins, and the state it would leave if it died now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ansible_collections.dbops.rotation.plugins.module_utils._clean import one_line
from ansible_collections.dbops.rotation.plugins.module_utils._errors import LoginRefused, RotationError, unexpected
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import present


@dataclass
class Journal:
    """The diary of one run."""

    client: str
    next_step: str
    steps: list[tuple[str, float]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    logins: int = 0
    refused_logins: int = 0
    stored: str | None = None
    single: bool = False  # some row holds one password only, so its old one ends with the change
    sent: bool = False
    taken_over: bool = False  # AWSCURRENT's password takes the place of another one on rows that were named
    overtaken: bool = False  # somebody else moved AWSCURRENT during the run
    verified: bool = False
    promoted: bool = False
    changed: bool = False
    recorded_anew: bool = False  # people are to be told of the version
    sessions_ended: int = 0
    discarding: bool = False  # the statement that ends the old password was sent
    settled: bool = False  # the rows, read last, hold AWSCURRENT's password and no other of ours
    waited_for_server: float = 0.0
    kept_until: str = ""  # the end of the overlap, where the old password stays valid on purpose
    kept_for: str = ""  # the replica regions for which it stays valid, whatever the overlap

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; an exception that leaves it learns where it happened and what was left."""
        began = time.monotonic()
        try:
            yield
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # Ansible's task timeout is no Exception
            failure = error if isinstance(error, RotationError) else unexpected(error)
            failure.locate(client=self.client, step=name, state=self.state_left(), next_step=self.next_step)
            raise failure from None
        finally:
            self.steps.append((name, round(time.monotonic() - began, 4)))

    @contextmanager
    def login(self) -> Iterator[None]:
        """Count one login."""
        try:
            yield
        except LoginRefused:
            self.refused_logins += 1
            raise
        self.logins += 1

    def warn(self, text: str) -> None:
        """Keep a warning once, in the words of who reads it."""
        line = one_line(present(text, self.client))
        if line not in self.warnings:
            self.warnings.append(line)

    def state_left(self) -> str:
        """Say in one sentence what is true of the password now."""
        if self.settled:
            return "The new password is AWSCURRENT and the only one."
        if self.kept_for:
            return f"The new password is AWSCURRENT; the old one stays valid for replica regions: {self.kept_for}."
        if self.kept_until:
            return f"The new password is AWSCURRENT; the old one stays valid until {self.kept_until} (overlap)."
        if self.promoted or self.discarding:
            return "The new password is AWSCURRENT and opens the server; the old one may still be valid."
        if self.overtaken:
            return f"AWSCURRENT was moved by somebody else meanwhile; AWSPENDING ({self.stored}) opens the server."
        if self.verified:
            opens = "The new password opens" if self.single else "Old and new password both open"
            return f"{opens} the server; AWSCURRENT is the old, AWSPENDING ({self.stored}) the new."
        if self.sent:
            old = "is the old password" if self.single else "still opens the server"
            return f"AWSCURRENT {old}; the new one, AWSPENDING ({self.stored}), may open it already."
        if self.taken_over:
            return "AWSCURRENT opens the server as before; on the rows that were named another password may have ended."
        if self.stored:
            return f"The server was not changed; a new password is stored as AWSPENDING ({self.stored}) and unused."
        return "Nothing was changed, neither the secret nor the database."


class OnboardJournal(Journal):
    """The diary of bringing a client under management."""

    def state_left(self) -> str:
        """Say in one sentence whether there is a secret now."""
        if self.stored:
            return f"The secret may have been created as version {self.stored}; the database was not changed."
        return "Nothing was created, and the database was not changed."


class RestoreJournal(Journal):
    """The diary of making a lost secret anew."""

    created = False
    undeleted = False

    def state_left(self) -> str:
        """Say in one sentence what there is of the secret now."""
        if self.created:
            return "The secret exists again, and AWSCURRENT opens the server; other versions and tags may be missing."
        if self.undeleted:
            return "The secret is no longer scheduled for deletion; nothing else was changed."
        return "Nothing was changed, neither the secret nor the database."
