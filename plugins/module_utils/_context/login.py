# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the server is opened: which login is tried, and what is remembered of one that was refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from .._aws.secret_store import CURRENT, PENDING, PREVIOUS, SecretDescription, SecretStore, SecretVersion
from .._codes import Code
from .._cycle.tags import APPLYING, REFUSED, VERSION, refused_versions, with_refused
from .._db.connection import Session, connect
from .._deadline import Deadline
from .._decision.decision import RECONCILE, ROLL_BACK
from .._errors import LoginRefused, RotationError
from .._next_step import Kind, command
from .._secret_value import Login
from .._triggers import ROLLBACK
from .journal import Journal
from .request import RotationRequest
from .versions import Versions


class Logins:
    """The logins of one run; of those that may fail there is one at most.

    ``chosen`` is what a person says opens the server, where that is not the secret. ``proven`` is the last login that
    succeeded.
    """

    def __init__(
        self, request: RotationRequest, store: SecretStore, versions: Versions, journal: Journal, deadline: Deadline
    ) -> None:
        """Log in nowhere yet."""
        self.chosen: Login | None = None
        self.proven: Login | None = None
        self._request = request
        self._store = store
        self._versions = versions
        self._journal = journal
        self._deadline = deadline

    def open(self) -> Session:
        """Log in as a person said, with AWSCURRENT, or with what labels make certain."""
        return self.log_in(self.chosen) if self.chosen else self._with_secret()

    def log_in(self, login: Login) -> Session:
        """Log in and count it."""
        with self._journal.login():
            session = connect(login, self._request.tls, self._deadline)
        self.proven = login
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
        if self._request.check or not self._request.tls.proves_server:
            return
        try:
            secret_tags = dict(self._store.describe().tags)
            before = secret_tags.get(REFUSED, "")
            for version in refused:
                secret_tags[REFUSED] = with_refused(secret_tags, version.version_id)
            if secret_tags.get(REFUSED, "") != before:
                self._store.tag({REFUSED: secret_tags[REFUSED]})
        except RotationError as error:
            failure.cause += f" This could not be remembered, so the next run will try again: {error.cause}"

    def _with_secret(self) -> Session:
        refused: list[SecretVersion] = []
        failure: RotationError | None = None
        for version in self._candidates():
            try:
                session = self.log_in(version.value.login)
            except LoginRefused as error:
                refused.append(version)
                failure = failure or error
                continue
            if failure and self._request.token:
                self.remember(refused, failure)  # three steps would be refused the same
            return session
        if failure is None:
            raise _refusal_before(self._versions.current)
        self.remember(refused, failure)
        self._tell_of_moved_label(failure)
        raise failure

    def _candidates(self) -> Iterator[SecretVersion]:
        """Return the version to log in with; look for another only if the server may rightly refuse the first.

        That is where another run moved AWSCURRENT in this moment, and on rows that hold one password alone.
        """
        refused_ids = self._refused_ids()
        former = self._former() if self._request.trigger == ROLLBACK else None
        first = former or (self._versions.current if self._versions.current.version_id not in refused_ids else None)
        if first:
            yield first
        secret = self._store.describe()
        newer = self._newer_current(secret) if first is self._versions.current else None
        if newer:
            yield newer
            return
        other = self._certain_pending(secret)
        if other and other.version_id not in refused_ids:
            yield other

    def _refused_ids(self) -> list[str]:
        """Return the versions that must not cost another failed login; a person's own run may try again."""
        if not self._request.comes_again:
            return []
        known = self._request.refused
        return refused_versions(self._store.describe().tags) if known is None else list(known)

    def _tell_of_moved_label(self, failure: RotationError) -> None:
        """Say so where AWSCURRENT is not what the last rotation made it: then nobody need have changed the password."""
        with suppress(RotationError):
            secret = self._store.describe()
            recorded, former = secret.tags.get(VERSION), secret.holder(PREVIOUS)
            if recorded in (None, self._versions.current.version_id) or recorded != former:
                return
            failure.cause += " AWSCURRENT was moved away from the version of the last rotation."
            failure.next_step = (
                f"To let the server follow the label: {ROLL_BACK}. To keep what the server has:"
                f" {command(Kind.RECONCILE, {'reconcile.version': 'AWSPREVIOUS'})}"
            )

    def _newer_current(self, secret: SecretDescription) -> SecretVersion | None:
        """Return AWSCURRENT where another run, no person, has moved it since it was read: its password is proven."""
        newer_id = secret.holder(CURRENT)
        if newer_id is None or newer_id == self._versions.current.version_id:
            return None
        if newer_id not in (secret.holder(PENDING), secret.tags.get(VERSION)):
            return None
        self._versions.current = self._versions.read(newer_id)
        return self._versions.current

    def _former(self) -> SecretVersion | None:
        """Return AWSPREVIOUS where the server has its password, because somebody has moved AWSCURRENT back without it.

        It is the version that the tags call done then. After a rotation that was promoted and not recorded it is that
        too, but AWSPENDING is not on it, and it is older than AWSCURRENT.
        """
        secret = self._store.describe()
        former_id = secret.holder(PREVIOUS)
        if former_id in (None, self._versions.current.version_id) or secret.tags.get(VERSION) != former_id:
            return None
        former = self._versions.read_if_possible(str(former_id))
        last = former and (secret.holder(PENDING) == former_id or former.created > self._versions.current.created)
        return former if last else None

    def _certain_pending(self, secret: SecretDescription) -> SecretVersion | None:
        """Return the pending version where AWSCURRENT may rightly be refused.

        Only a MariaDB row that can hold one password alone is ever without AWSCURRENT's, between its change and
        the promotion; the tag says that it came to that.
        """
        pending_id = secret.holder(PENDING)
        if pending_id in (None, self._versions.current.version_id) or secret.tags.get(APPLYING) != pending_id:
            return None
        pending = self._versions.read_if_possible(str(pending_id))
        return pending if pending and pending.value.same_other_keys(self._versions.current.value) else None


def _refusal_before(version: SecretVersion) -> RotationError:
    return RotationError(
        f"The server refused the password of AWSCURRENT (version {version.version_id}) at an earlier run; it is not"
        " tried again, because failed logins may lock the account.",
        code=Code.KNOWN_REFUSED,
        next_step="Find out whether somebody changed the password by hand or dropped the account; then bring secret and"
        f" server together: {RECONCILE}",
    )
