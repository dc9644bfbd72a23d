# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a lost secret anew from a backup, but only with a version that the server is proven to have.

A secret that exists is never overwritten: if its AWSCURRENT opens the server, it is the truth and stays. The tags of
the rotation come last, so that a restore which was cut off is recognised and finished by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .._aws.secret_archive import SavedSecret, SecretArchive
from .._aws.secret_store import CURRENT, SecretDescription, find
from .._codes import Code
from .._context.context import RotationContext
from .._cycle import tags
from .._decision.decision import RECONCILE
from .._errors import LoginRefused, RotationError
from .._next_step import Kind, command
from .._rotation.reconcile import Proof, reconcile
from .._secret_value import parse_secret
from .._steps import ownership
from . import plan
from .outcome import CREATED, FINISHED, KEPT, UNDELETED, Labels, outcome, replaced
from .prove import prove
from .request import RestoreRequest

REFUSED = (Code.LOGIN_REFUSED, Code.KNOWN_REFUSED)


def restore(request: RestoreRequest, store: SecretArchive) -> dict[str, Any]:
    """Restore one client and say what was done; raises RotationError before anything is written without proof."""
    progress, backed_up = RestoreProgress(), tuple(_passwords(request.entry.secret))
    context = RotationContext(
        request.rotation, store, command(Kind.RESTORE), state_left=progress.state_left, backed_up=backed_up
    )
    with context.under_way():
        with context.journal.step("prepare"):
            context.versions.refuse_in_reason(*backed_up)
        return _Restore(request, store, context, progress).restore()


def _passwords(saved: SavedSecret) -> Iterator[str]:
    for version in saved.versions:
        with suppress(RotationError):  # it has none
            yield parse_secret(version.text).password


@dataclass
class RestoreProgress:
    """How far a restore has come."""

    undeleted: bool = False
    created: bool = False

    def state_left(self) -> str:
        """Return in one sentence what there is of the secret now."""
        if self.created:
            return "The secret exists again, and AWSCURRENT opens the server; other versions and tags may be missing."
        if self.undeleted:
            return "The secret is no longer scheduled for deletion; nothing else was changed."
        return "Nothing was changed, neither the secret nor the database."


class _Restore:
    """One restore under way."""

    def __init__(
        self, request: RestoreRequest, store: SecretArchive, context: RotationContext, progress: RestoreProgress
    ) -> None:
        self.request = request
        self.saved = request.entry.secret
        self.store = store
        self.context = context
        self.journal = context.journal
        self.progress = progress

    def restore(self) -> dict[str, Any]:
        """Find out what there is, and do what it needs."""
        with self.journal.step("read"):
            self.version = plan.version_to_prove(self.saved, self.request.version)
            existing = find(self.store)
        if existing is None:
            return self._create()
        if existing.deleted:
            return self._undelete(existing)
        with self.journal.step("read"):
            ownership.refuse_foreign_management(existing)
        return self._replace() if self.request.replace else self._keep(existing)

    def _create(self) -> dict[str, Any]:
        prove(self.context, self.saved, self.version)
        labels = plan.labels_of(self.saved, self.version)
        key = self._key()
        if not self.request.rotation.check:
            with self.journal.step("create"):
                first = plan.first_tags(self.saved, self.request.rotation.client)
                self.store.recreate(self.saved, self.version, first, key)
                self.progress.created = True
                self._read_back()
            self._complete({self.version.version_id: (CURRENT,)}, labels)
        return outcome(self.request, self.context, CREATED, {}, labels)

    def _undelete(self, existing: SecretDescription) -> dict[str, Any]:
        """Cancel a deletion; the value can be read before only where the backup has the same version."""
        is_current = existing.holder(CURRENT) == self.version.version_id
        if is_current:
            prove(self.context, self.saved, self.version)
        if not self.request.rotation.check:
            with self.journal.step("create"):
                self.store.cancel_deletion()
                self.progress.undeleted = True
                if existing.tags.get(tags.OFFBOARDED):  # a later deletion would be no accident
                    self.store.tag({tags.OFFBOARDED: ""})
            if not is_current:
                self._open_with_own()
        return outcome(self.request, self.context, UNDELETED, existing.stages, existing.stages)

    def _keep(self, existing: SecretDescription) -> dict[str, Any]:
        """Leave a secret alone that opens the server; only what an earlier restore left out is added."""
        self._open_with_own()
        if not self._was_cut_off(existing):
            return outcome(self.request, self.context, KEPT, existing.stages, existing.stages)
        labels = plan.labels_of(self.saved, self.version)
        if not self.request.rotation.check:
            self._complete(existing.stages, labels)
        return outcome(self.request, self.context, FINISHED, existing.stages, labels)

    def _was_cut_off(self, existing: SecretDescription) -> bool:
        lacks_tags = tags.VERSION in self.saved.tags and tags.VERSION not in existing.tags
        return lacks_tags and existing.holder(CURRENT) == self.version.version_id

    def _replace(self) -> dict[str, Any]:
        password = parse_secret(self.version.text, self.saved.name).password
        try:
            return replaced(self.request, reconcile(self.request.rotation, Proof(password=password), self.store))
        except LoginRefused as refused:
            refused.next_step = (
                "The server has not the password of this version of the backup. Whether it has the secret's own:"
                f" {command(Kind.VERIFY)}"
            )
            refused.locate(client=self.request.rotation.client, step="", state="", next_step="")
            raise

    def _open_with_own(self) -> None:
        with self.journal.step("read"):
            self.context.versions.read_current()
        with self.journal.step("open"):
            try:
                self.context.open(to_change=False)
            except RotationError as refused:
                if refused.code in REFUSED:
                    refused.next_step = _not_overwritten()
                raise

    def _complete(self, present: Labels, labels: Labels) -> None:
        """Add the labels that no version has, with their versions, and at last the tags of the rotation."""
        labels_in_use = {stage for stages in present.values() for stage in stages}
        with self.journal.step("store"):
            for version in self.saved.versions:
                missing = tuple(sorted(set(labels.get(version.version_id, ())) - labels_in_use))
                if version is self.version:
                    for stage in missing:
                        self.store.add_label(stage, version.version_id)
                elif missing:
                    self.store.add_version(version, missing)
        with self.journal.step("record"):
            new_tags = plan.rotation_tags(self.saved, self.context.identity.claiming())
            if new_tags:
                self.store.tag(new_tags)

    def _read_back(self) -> None:
        stored = self.store.read(version_id=self.version.version_id, stage=CURRENT)
        if stored.value != self.context.current.value:
            raise RotationError("The new secret does not hold what was stored in it.", code=Code.AWS_INCONSISTENT)

    def _key(self) -> str | None:
        """Return the key to encrypt with: the one of the request, or the former one, which no other region can use."""
        former = self.saved.kms_key_id
        if self.request.kms_key_id or not former or self.saved.region == self.store.region:
            return self.request.kms_key_id or former
        self.journal.warn(
            f"The secret was encrypted with the key {former} of {self.saved.region}; in {self.store.region} the default"
            " key of the account is used, unless {option|kms_key_id} names another."
        )
        return None


def _not_overwritten() -> str:
    again = command(Kind.RESTORE, {"backup.replace": "true"})
    return (
        "The secret exists, so it is not overwritten. If somebody changed the password on the server, store the one"
        f" that works: {RECONCILE}. If the server itself was set back and has the backup's password: {again}"
        ", with the same backup file."
    )
