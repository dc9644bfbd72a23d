# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run holds while it runs, and how it opens the server."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

from ansible_collections.dbops.rotation.plugins.module_utils._aws.replica import Replica
from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import (
    CURRENT,
    PENDING,
    PREVIOUS,
    SecretDescription,
    SecretStore,
    SecretVersion,
    find,
)
from ansible_collections.dbops.rotation.plugins.module_utils._context.identity import Identity, identity_of
from ansible_collections.dbops.rotation.plugins.module_utils._context.journal import Journal
from ansible_collections.dbops.rotation.plugins.module_utils._context.request import RotationRequest
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import (
    APPLYING,
    REFUSED,
    VERSION,
    refused_versions,
    with_refused,
)
from ansible_collections.dbops.rotation.plugins.module_utils._db.commit import (
    needs_proof,
    prove,
    refuse_stalled,
    wait_without_locks,
)
from ansible_collections.dbops.rotation.plugins.module_utils._db.connection import Session, connect
from ansible_collections.dbops.rotation.plugins.module_utils._db.dialect import Dialect, dialect_of
from ansible_collections.dbops.rotation.plugins.module_utils._db.fence import Fence
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import StoredPassword
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import (
    READ_ONLY,
    Server,
    identify,
    refuse_unsuitable,
)
from ansible_collections.dbops.rotation.plugins.module_utils._db.slots import Slots
from ansible_collections.dbops.rotation.plugins.module_utils._deadline import Deadline
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import RECONCILE, ROLL_BACK
from ansible_collections.dbops.rotation.plugins.module_utils._errors import LoginRefused, RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import Kind, command
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login
from ansible_collections.dbops.rotation.plugins.module_utils._triggers import ROLLBACK, UNATTENDED

CONSISTENCY_SECONDS = 10.0
# After so long a wait everything is looked at again.
FRESH_SECONDS = 1.0
UNDECRYPTABLE = "aws_kms"
UNREADABLE = (
    *("secret_not_json", "secret_incomplete", "secret_password", "secret_engine", "secret_not_found"),
    UNDECRYPTABLE,
)


class Run:
    """One rotation under way.

    ``login_as`` is set where the server is opened with something else than the secret holds.
    """

    session: Session
    fence: Fence
    server: Server
    dialect: Dialect
    identity: Identity

    def __init__(self, request: RotationRequest, store: SecretStore, journal: Journal) -> None:
        """Start the deadline; nothing is read yet."""
        self.request = request
        self.store = store
        self.journal = journal
        self.deadline = Deadline(request.deadline)
        self.login_as: Login | None = None
        self.only_looks = False  # nothing is changed, so a listing that is behind does no harm
        self.reconciles = False  # a person says what is true now, so no overlap of before holds
        self.adopted: str | None = None  # the version into which a password went that somebody had set by hand
        self.versions: dict[str, SecretVersion] = {}
        self.backed_up: tuple[str, ...] = ()  # the passwords of a backup, all that is known of a lost secret's
        self.undecryptable: set[str] = set()
        self.replicas: tuple[Replica, ...] = ()
        self.replica_patience = request.replica_wait
        self.declared: dict[str, str] = {}
        self.recorded: dict[str, str] = {}
        self._matches: dict[tuple[StoredPassword, str], bool] = {}
        self._known_passwords: dict[StoredPassword, str] = {}
        self._dead: set[int] = set()
        self._open: Session | None = None
        self._in_slot: Session | None = None
        self._proven: Login | None = None  # the last login that succeeded

    @contextmanager
    def under_way(self, *others: str | None) -> Iterator[None]:
        """Close what is open when the work ends; a failure is told with the reason, where that holds no password."""
        try:
            yield
        except RotationError as error:
            error.reason = error.reason or self.compared_reason(*others)
            raise
        finally:
            self.close()

    @property
    def by_administrator(self) -> bool:
        """Tell whether another account than the secret's opened the server."""
        return self.login_as is not None and self.login_as.user != self.current.value.login.user

    def read_current(self) -> None:
        """Read AWSCURRENT."""
        self.current = self._known(self.store.read(stage=CURRENT))

    def version(self, version_id: str) -> SecretVersion:
        """Read a version by its id, once."""
        if version_id not in self.versions:
            self._known(self.store.read(version_id=version_id))
        return self.versions[version_id]

    def _known(self, version: SecretVersion) -> SecretVersion:
        """Keep a version that the reason does not give away."""
        self.refuse_in_reason(version.value.password)
        self.versions[version.version_id] = version
        return version

    def refuse_in_reason(self, *passwords: str | None) -> None:
        """Raise a RotationError where the reason, which people will read, holds one of these passwords."""
        if any(password and password in self.request.reason for password in passwords):
            raise RotationError(
                "The reason holds a password of this client.",
                code="reason_holds_password",
                next_step="Give another reason, and rotate: that password has been written down.",
            )

    def compared_reason(self, *others: str | None) -> str:
        """Give the reason of a run that failed, if no password under a label, and none of ``others``, is in it.

        What the run had not read yet is read for it; where that cannot be, nothing is given.
        """
        reason = self.request.reason
        if not (reason and (self.versions or self.backed_up)):
            return ""
        try:
            opened = self.login_as.password if self.login_as else None
            self.refuse_in_reason(*others, *self.backed_up, opened)
            secret = find(self.store)
            if secret is None:
                return reason if self.backed_up else ""
            for held in filter(None, map(secret.holder, (CURRENT, PENDING, PREVIOUS))):
                self.version(held)
        except RotationError:
            return ""
        return reason

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

    def holds(self, stored: StoredPassword, version: SecretVersion) -> bool:
        """Tell whether a stored hash is of a version's password; computing that takes 5 ms or more, so it is kept."""
        password = version.value.password
        pair = (stored, version.version_id)
        if pair not in self._matches:
            known = self._known_passwords.get(stored)
            self._matches[pair] = stored.matches(password) if known is None else known == password
        if self._matches[pair]:
            self._known_passwords[stored] = password
        return self._matches[pair]

    def readable(self, version_id: str) -> SecretVersion | None:
        """Read a version that somebody else may have written; None where it holds no login, or none that we may see."""
        try:
            return self.version(version_id)
        except RotationError as error:
            if error.code not in UNREADABLE:
                raise
            if error.code == UNDECRYPTABLE:
                self.undecryptable.add(version_id)
                self.journal.warn(f"Version {version_id} cannot be read: {error.cause}")
            return None

    def open(self) -> None:
        """Log in as the run was told, with AWSCURRENT or with what labels make certain; ask the server who it is."""
        self._open = self.session = self.log_in(self.login_as) if self.login_as else self._log_in_with_secret()
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
        for warning in self.dialect.prepare(self.session):
            self.journal.warn(warning)

    def take_fence(self) -> None:
        """Become the only run at work on this account."""
        self.fence = Fence(self.session, self.current.value.login.user)
        self.fence.acquire(self._dead)

    def await_turn(self) -> bool:
        """Wait, before anything is changed, for the server and for AWS; tell whether what was seen is old by then."""
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
        if not needs_proof(self.server) or self._proven is None:
            return
        session = self.log_in(self._proven)
        try:
            for warning in prove(session):
                self.journal.warn(warning)
        finally:
            session.close()
        wait_without_locks(self.session, self.server)

    def is_displaced(self, error: RotationError) -> bool:
        """Tell whether another server has taken this one's place as the writer; then the run goes on there."""
        return error.code == READ_ONLY and len(self.identity.company) > 1

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

    def log_in(self, login: Login) -> Session:
        """Log in and count it."""
        with self.journal.login():
            session = connect(login, self.request.tls, self.deadline)
        self._proven = login
        return session

    def log_in_with(self, version: SecretVersion) -> Session:
        """Log in with the password of a version; a refusal is remembered, so that no schedule repeats it."""
        try:
            return self.log_in(version.value.login)
        except LoginRefused as refused:
            self.remember([version], refused)
            raise

    def remember(self, refused: Iterable[SecretVersion], failure: RotationError) -> None:
        """Write down, beside what is there, what the server refused, so that no schedule locks the account with it."""
        if self.request.check or not self.request.tls.proves_server:
            return
        try:
            known = dict(self.store.describe().tags)
            before = known.get(REFUSED, "")
            for version in refused:
                known[REFUSED] = with_refused(known, version.version_id)
            if known.get(REFUSED, "") != before:
                self.store.tag({REFUSED: known[REFUSED]})
        except RotationError as error:
            failure.cause += f" This could not be remembered, so the next run will try again: {error.cause}"

    def close(self) -> None:
        """Close the connection, which also lets go of the fence."""
        if self._open:
            self._open.close()
            self._open = None

    def _log_in_with_secret(self) -> Session:
        refused: list[SecretVersion] = []
        failure: RotationError | None = None
        for version in self._login_candidates():
            try:
                return self.log_in(version.value.login)
            except LoginRefused as error:
                refused.append(version)
                failure = failure or error
        if failure is None:
            raise _known_refused(self.current)
        self.remember(refused, failure)
        self._tell_of_moved_label(failure)
        raise failure

    def _login_candidates(self) -> Iterator[SecretVersion]:
        """Give the version to log in with; another is asked for only where the first may rightly be refused.

        That is where another run moved AWSCURRENT in this moment, and on rows that hold one password alone.
        """
        known = self._known_refusals()
        former = self._former() if self.request.trigger == ROLLBACK else None
        first = former or (self.current if self.current.version_id not in known else None)
        if first:
            yield first
        secret = self.store.describe()
        newer = self._newer_current(secret) if first is self.current else None
        if newer:
            yield newer
            return
        other = self._certain_pending(secret)
        if other and other.version_id not in known:
            yield other

    def _known_refusals(self) -> list[str]:
        """Give the versions that must not cost another failed login; a person's own run may try again."""
        return refused_versions(self.store.describe().tags) if self.request.trigger in UNATTENDED else []

    def _tell_of_moved_label(self, failure: RotationError) -> None:
        """Say so where AWSCURRENT is not what the last rotation made it: then nobody need have changed the password."""
        with suppress(RotationError):
            secret = self.store.describe()
            recorded, former = secret.tags.get(VERSION), secret.holder(PREVIOUS)
            if recorded in (None, self.current.version_id) or recorded != former:
                return
            failure.cause += " AWSCURRENT was moved away from the version of the last rotation."
            failure.next_step = (
                f"To let the server follow the label: {ROLL_BACK}. To keep what the server has:"
                f" {command(Kind.RECONCILE, {'rotation_reconcile_version': 'AWSPREVIOUS'})}"
            )

    def _newer_current(self, secret: SecretDescription) -> SecretVersion | None:
        """Give AWSCURRENT where another run, and no person, has moved it since it was read: its password is proven."""
        newer_id = secret.holder(CURRENT)
        if newer_id is None or newer_id == self.current.version_id:
            return None
        if newer_id not in (secret.holder(PENDING), secret.tags.get(VERSION)):
            return None
        self.current = self.version(newer_id)
        return self.current

    def _former(self) -> SecretVersion | None:
        """Give AWSPREVIOUS where the server has its password, because somebody has moved AWSCURRENT back without it.

        It is the version that the tags call done then. After a rotation that was promoted and not recorded it is that
        too, but AWSPENDING is not on it, and it is older than AWSCURRENT.
        """
        secret = self.store.describe()
        former_id = secret.holder(PREVIOUS)
        if former_id in (None, self.current.version_id) or secret.tags.get(VERSION) != former_id:
            return None
        former = self.readable(str(former_id))
        last = former and (secret.holder(PENDING) == former_id or former.created > self.current.created)
        return former if last else None

    def _certain_pending(self, secret: SecretDescription) -> SecretVersion | None:
        """Give the pending version where AWSCURRENT may rightly be refused.

        Only a MariaDB row that can hold one password alone is ever without AWSCURRENT's, between its change and
        the promotion; the tag says that it came to that.
        """
        pending_id = secret.holder(PENDING)
        if pending_id in (None, self.current.version_id) or secret.tags.get(APPLYING) != pending_id:
            return None
        pending = self.readable(str(pending_id))
        return pending if pending and pending.value.same_other_keys(self.current.value) else None


def _known_refused(version: SecretVersion) -> RotationError:
    return RotationError(
        f"The server refused the password of AWSCURRENT (version {version.version_id}) at an earlier run; it is not"
        " tried again, because failed logins may lock the account.",
        code="known_refused",
        next_step="Find out whether somebody changed the password by hand or dropped the account; then bring secret and"
        f" server together: {RECONCILE}",
    )
