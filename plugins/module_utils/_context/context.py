# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of one run share: the request, the secret, the open connection, and the diary."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from .._aws.secret_store import CURRENT, SecretStore, SecretVersion
from .._codes import Code
from .._db.commit import needs_proof, prove, refuse_stalled, wait_without_locks
from .._db.connection import Session
from .._db.dialect import Dialect, dialect_of
from .._db.fence import Fence
from .._db.server import Server, identify, refuse_unsuitable
from .._db.slots import Slots
from .._deadline import Deadline
from .._errors import RotationError
from .effects import Effects
from .identity import Identity, identity_of
from .journal import Journal
from .login import Logins
from .progress import Progress
from .regions import Regions
from .request import RotationRequest
from .versions import Versions

CONSISTENCY_SECONDS = 10.0
# After so long a wait everything is looked at again.
FRESH_SECONDS = 1.0


class RotationContext:
    """One rotation under way; session, server and dialect are there once it is open, the fence once it is taken."""

    session: Session
    fence: Fence
    server: Server
    dialect: Dialect
    identity: Identity

    def __init__(
        self,
        request: RotationRequest,
        store: SecretStore,
        next_step: str,
        *,
        state_left: Callable[[], str] | None = None,
        backed_up: tuple[str, ...] = (),
    ) -> None:
        """Start the deadline; nothing is read yet. Raises RotationError where an option makes no sense.

        ``next_step`` is what a failure advises, ``state_left`` says what it left, where that is not the progress of a
        rotation. ``backed_up`` are the passwords of a backup to restore.
        """
        self.request = request
        self.store = store
        self.progress = Progress()
        self.effects = Effects()
        self.journal = Journal(request.client, next_step, state_left or self.progress.state_left)
        self.journal.warnings += request.tls.warnings()
        with self.journal.step("prepare"):
            request.refuse_invalid()
            self.deadline = Deadline(request.deadline)
        self.versions = Versions(store, request.reason, self.journal.warn, backed_up)
        self.logins = Logins(request, store, self.versions, self.journal, self.deadline)
        self.regions = Regions(request.replica_wait)
        self._dead: set[int] = set()
        self._open: Session | None = None
        self._in_slot: Session | None = None

    @contextmanager
    def under_way(self, *others: str | None) -> Iterator[None]:
        """Close what is open when the work ends; a failure names the reason, if that contains no password."""
        try:
            yield
        except RotationError as error:
            chosen = self.logins.chosen.password if self.logins.chosen else None
            error.reason = error.reason or self.versions.compared_reason(*others, chosen)
            raise
        finally:
            self.close()

    @property
    def current(self) -> SecretVersion:
        """Return AWSCURRENT, as it was read or moved last."""
        return self.versions.current

    @property
    def by_administrator(self) -> bool:
        """Return True if another account than the secret's opened the server."""
        return self.logins.chosen is not None and self.logins.chosen.user != self.current.value.login.user

    def is_label_moved(self) -> bool:
        """Ask whether AWSCURRENT is another version by now than it is to this run."""
        return self.store.describe().holder(CURRENT) != self.current.version_id

    def attempts(self) -> Iterator[bool]:
        """Yield once a second while Secrets Manager may still contradict itself; True is the last time."""
        end = time.monotonic() + min(CONSISTENCY_SECONDS, self.deadline.remaining())
        while time.monotonic() < end:
            yield False
            time.sleep(1)
        yield True

    def open(self, *, to_change: bool = True) -> None:
        """Log in, ask the server who it is, and whether it would take a change, where one may follow."""
        self._open = self.session = self.logins.open()
        self.server = identify(self.session)
        self.identify({})
        self.dialect = dialect_of(
            self.server,
            encrypted=self.request.tls.proves_server,
            allow_plaintext=self.request.allow_plaintext_statement,
        )
        refuse_unsuitable(self.server, single_writer=self.request.single_writer)
        if self.server.replicates is None:
            self.journal.warn("The account may not ask whether the server is a replica; that was not checked.")
        for warning in self.dialect.prepare(self.session) if to_change else ():
            self.journal.warn(warning)

    def take_fence(self) -> None:
        """Become the only run at work on this account."""
        self.fence = Fence(self.session, self.current.value.login.user)
        self.fence.acquire(self._dead)

    def await_turn(self) -> bool:
        """Wait, before anything is changed, for the server and for AWS. Return True if the view must be refreshed."""
        before = self.journal.waited_for_server + self.store.writes.waited
        with self.journal.step("wait"):
            self._take_slot()
            self.store.writes.reserve(self.deadline.spare())
        return self.journal.waited_for_server + self.store.writes.waited - before > FRESH_SECONDS

    def _take_slot(self) -> None:
        """Become one of the rotations at work on this server, unless this connection is one already."""
        if not self.request.per_server or self._in_slot is self.session:
            return
        began = time.monotonic()
        try:
            Slots(self.session, self.server, self.request.per_server).take(self.deadline.spare())
        finally:
            self.journal.waited_for_server += time.monotonic() - began
        self._in_slot = self.session

    def identify(self, remembered: Mapping[str, str]) -> None:
        """Compare the server with the tags of the secret."""
        request, user = self.request, self.current.value.login.user
        self.identity = identity_of(self.server, remembered, request.server_ids, request.server_label, user=user)

    def refuse_stalled(self) -> None:
        """Raise a RotationError (cannot_commit) where the server says that its commits wait for others."""
        for warning in refuse_stalled(self.session, self.server, single_writer=self.request.single_writer):
            self.journal.warn(warning)

    def prove_commit(self) -> None:
        """Raise a RotationError (cannot_commit) where a statement that locks the accounts would wait for its commit."""
        self.refuse_stalled()
        if not needs_proof(self.server) or self.logins.proven is None:
            return
        session = self.logins.log_in(self.logins.proven)
        try:
            for warning in prove(session):
                self.journal.warn(warning)
        finally:
            session.close()
        wait_without_locks(self.session, self.server)

    def is_displaced(self, error: RotationError) -> bool:
        """Return True if another server has taken this one's place as the writer; then the run goes on there."""
        return error.code == Code.READ_ONLY and len(self.identity.company) > 1

    def reopen(self) -> None:
        """Start again on a new connection after one broke; what the old one still does is ended first."""
        self._dead.add(self.session.connection_id)
        before = self.server.server_id
        self.close()
        with self.journal.step("open"):
            self._open_again()
            self.refuse_stalled()
        if self.server.server_id != before:
            self._dead.clear()  # there the numbers are other connections'
        with self.journal.step("fence"):
            self.take_fence()

    def _open_again(self) -> None:
        for last in self.attempts():
            try:
                self.open()
                return
            except RotationError as error:
                if last or not self.is_displaced(error):
                    raise
                self.close()

    def close(self) -> None:
        """Close the connection, which also lets go of the fence."""
        if self._open:
            self._open.close()
            self._open = None
