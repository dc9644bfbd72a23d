# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of a secret that a run has read: each once, and none whose password the reason gives away."""

from __future__ import annotations

from collections.abc import Callable

from .._aws.secret_store import CURRENT, PENDING, PREVIOUS, SecretStore, SecretVersion, find
from .._codes import Code
from .._db.hashes import StoredPassword
from .._errors import RotationError

UNREADABLE = (
    *(Code.SECRET_NOT_JSON, Code.SECRET_INCOMPLETE, Code.SECRET_PASSWORD, Code.SECRET_ENGINE, Code.SECRET_NOT_FOUND),
    Code.AWS_KMS,
)


class Versions:
    """What is known of a secret's versions.

    ``adopted`` is the version into which a password went that somebody had set by hand. ``empty`` are versions that
    were looked for and have no value, as the one that Secrets Manager reserves for a rotation. ``backed_up`` are the
    passwords of a backup, all that is known of a lost secret's.
    """

    current: SecretVersion

    def __init__(
        self, store: SecretStore, reason: str, warn: Callable[[str], None], backed_up: tuple[str, ...] = ()
    ) -> None:
        """Know nothing yet; ``reason`` says why somebody started the run; people will read it."""
        self.adopted: str | None = None
        self.undecryptable: set[str] = set()
        self.empty: set[str] = set()
        self._store = store
        self._reason = reason
        self._warn = warn
        self._backed_up = backed_up
        self._known: dict[str, SecretVersion] = {}
        self._matches: dict[tuple[StoredPassword, str], bool] = {}
        self._passwords: dict[StoredPassword, str] = {}

    def all(self) -> tuple[SecretVersion, ...]:
        """Return every version that was read or stored."""
        return tuple(self._known.values())

    def keep(self, version: SecretVersion) -> None:
        """Know a version that this run has stored."""
        self._known[version.version_id] = version

    def read_current(self) -> None:
        """Read AWSCURRENT."""
        self.current = self._check(self._store.read(stage=CURRENT))

    def read(self, version_id: str) -> SecretVersion:
        """Read a version by its id, once."""
        if version_id not in self._known:
            self._check(self._store.read(version_id=version_id))
        return self._known[version_id]

    def read_if_possible(self, version_id: str) -> SecretVersion | None:
        """Read a version that somebody else may have written; None where it holds no login, or none that we may see."""
        if version_id in self.empty and version_id not in self._known:
            return None
        try:
            return self.read(version_id)
        except RotationError as error:
            if error.code not in UNREADABLE:
                raise
            if error.code == Code.SECRET_NOT_FOUND:
                self.empty.add(version_id)
            if error.code == Code.AWS_KMS:
                self.undecryptable.add(version_id)
                self._warn(f"Version {version_id} cannot be read: {error.cause}")
            return None

    def _check(self, version: SecretVersion) -> SecretVersion:
        """Keep a version that the reason does not give away."""
        self.refuse_in_reason(version.value.password)
        self._known[version.version_id] = version
        return version

    def refuse_in_reason(self, *passwords: str | None) -> None:
        """Raise a RotationError where the reason, which people will read, holds one of these passwords."""
        if any(password and password in self._reason for password in passwords):
            raise RotationError(
                "The reason holds a password of this client.",
                code=Code.REASON_HOLDS_PASSWORD,
                next_step="Give another reason, and rotate: that password has been written down.",
            )

    def compared_reason(self, *others: str | None) -> str:
        """Return the reason of a run that failed, if no password under a label, and none of ``others``, is in it.

        What the run had not read yet is read for it; where that cannot be, nothing is returned.
        """
        reason = self._reason
        if not (reason and (self._known or self._backed_up)):
            return ""
        try:
            self.refuse_in_reason(*others, *self._backed_up)
            secret = find(self._store)
            if secret is None:
                return reason if self._backed_up else ""
            for version_id in filter(None, map(secret.holder, (CURRENT, PENDING, PREVIOUS))):
                self.read(version_id)
        except RotationError:
            return ""
        return reason

    def prove(self, stored: StoredPassword, version: SecretVersion) -> None:
        """Know, because a login has shown it, that a stored hash is of a version's password."""
        self._passwords[stored] = version.value.password

    def matches(self, stored: StoredPassword, version: SecretVersion) -> bool:
        """Return True if a stored hash is of a version's password; computing that takes 5 ms or more, so it is kept."""
        password = version.value.password
        pair = (stored, version.version_id)
        if pair not in self._matches:
            plain = self._passwords.get(stored)
            self._matches[pair] = stored.matches(password) if plain is None else plain == password
        if self._matches[pair]:
            self._passwords[stored] = password
        return self._matches[pair]
