# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a lost secret anew from a backup, but only with a version that the server is proven to have.

A secret that exists is never overwritten: if its AWSCURRENT opens the server, it is the truth and stays. The tags of
the rotation come last, so that a restore which was cut off is recognised and finished by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_archive import SecretArchive
from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import CURRENT, SecretDescription, find
from ansible_collections.dbops.rotation.plugins.module_utils._backup import plan
from ansible_collections.dbops.rotation.plugins.module_utils._backup.document import Entry
from ansible_collections.dbops.rotation.plugins.module_utils._backup.prove import prove
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import stamp
from ansible_collections.dbops.rotation.plugins.module_utils._errors import LoginRefused, RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._rotation import ownership
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.decision import RECONCILE
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.journal import RestoreJournal
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.receipt import effort
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.reconcile import Proof, reconcile
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.request import RotationRequest
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.run import Run
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import parse_secret

COMMAND = "ansible-playbook playbooks/restore.yml -l {client}"
CREATED, UNDELETED, KEPT, FINISHED, REPLACED = "created", "undeleted", "kept", "finished", "replaced"
REFUSED = ("login_refused", "known_refused")


@dataclass(frozen=True)
class RestoreRequest:
    """One client's secret to make anew.

    ``version`` names the version of the backup to prove. ``replace``: where a secret exists that does not open the
    server, store the backup's password in it, as a reconciliation with that password.
    """

    rotation: RotationRequest
    entry: Entry
    version: str = CURRENT
    replace: bool = False
    kms_key_id: str | None = None


def restore(request: RestoreRequest, store: SecretArchive) -> dict[str, Any]:
    """Restore one client and say what was done; raises RotationError before anything is written without proof."""
    journal = RestoreJournal(request.rotation.client, COMMAND)
    journal.warnings += request.rotation.tls.warnings()
    with journal.step("prepare"):
        request.rotation.refuse_invalid()
        run = Run(request.rotation, store, journal)
    try:
        return _Restore(request, store, run, journal).do()
    finally:
        run.close()


class _Restore:
    """One restore under way."""

    def __init__(self, request: RestoreRequest, store: SecretArchive, run: Run, journal: RestoreJournal) -> None:
        self.request = request
        self.saved = request.entry.secret
        self.store = store
        self.run = run
        self.journal = journal
        self.check = request.rotation.check

    def do(self) -> dict[str, Any]:
        """Find out what there is, and do what it needs."""
        with self.journal.step("read"):
            self.version = plan.chosen(self.saved, self.request.version)
            existing = find(self.store)
        if existing is None:
            return self._create()
        if existing.deleted:
            return self._undelete(existing)
        with self.journal.step("read"):
            ownership.refuse_foreign_management(existing)
        return self._replace() if self.request.replace else self._keep(existing)

    def _create(self) -> dict[str, Any]:
        prove(self.run, self.saved, self.version)
        labels = plan.labels_of(self.saved, self.version)
        key = self._key()
        if not self.check:
            with self.journal.step("create"):
                self.store.recreate(self.saved, self.version, plan.own_tags(self.saved), key)
                self.journal.created = True
                self._read_back()
            self._finish({self.version.version_id: {CURRENT}}, labels)
        return self._result(CREATED, {}, labels)

    def _undelete(self, existing: SecretDescription) -> dict[str, Any]:
        """Cancel a deletion; the value can be read before that only where the backup has the same version."""
        known = existing.holder(CURRENT) == self.version.version_id
        if known and not self.request.replace:
            prove(self.run, self.saved, self.version)
        if not self.check:
            with self.journal.step("create"):
                self.store.cancel_deletion()
                self.journal.undeleted = True
        if self.request.replace and not self.check:
            return self._replace()
        if not known and not self.check:
            self._open_existing()
        return self._result(UNDELETED, existing.stages, existing.stages)

    def _keep(self, existing: SecretDescription) -> dict[str, Any]:
        """Leave a secret alone that opens the server; only what an earlier restore left out is added."""
        self._open_existing()
        labels = plan.labels_of(self.saved, self.version)
        cut_off = existing.holder(CURRENT) == self.version.version_id and tags.VERSION not in existing.tags
        if not cut_off or tags.VERSION not in self.saved.tags:
            return self._result(KEPT, existing.stages, existing.stages)
        if not self.check:
            self._finish(existing.stages, labels)
        return self._result(FINISHED, existing.stages, labels)

    def _replace(self) -> dict[str, Any]:
        password = parse_secret(self.version.text, self.saved.name).password
        try:
            done = reconcile(self.request.rotation, Proof(password=password), self.store)
        except LoginRefused as refused:
            refused.next_step = "The server has neither; find out what works, and bring them together: " + RECONCILE
            raise
        same = ("changed", "msg", "client", "secret_id", "logins", "secretsmanager_calls", "warnings", "diff")
        told = {name: done[name] for name in same}
        return {**told, "action": REPLACED, "version_id": done.get("version_id"), **self._source()}

    def _open_existing(self) -> None:
        with self.journal.step("read"):
            self.run.read_current()
        with self.journal.step("open"):
            try:
                self.run.open()
            except RotationError as refused:
                if refused.code in REFUSED:
                    refused.next_step = _after_refusal()
                raise

    def _finish(self, present: Mapping[str, Any], labels: Mapping[str, set[str]]) -> None:
        """Add the labels that no version has, with their versions, and at last the tags of the rotation."""
        held = {stage for stages in present.values() for stage in stages}
        with self.journal.step("store"):
            for version in plan.others(self.saved, self.version, labels):
                missing = labels[version.version_id] - held
                if missing:
                    self.store.add_version(version, tuple(sorted(missing)))
            for stage in sorted(labels[self.version.version_id] - held):
                self.store.add_label(stage, self.version.version_id)
        with self.journal.step("record"):
            written = plan.rotation_tags(self.saved, self.run.server.server_id)
            if written:
                self.store.tag(written)

    def _read_back(self) -> None:
        stored = self.store.read(version_id=self.version.version_id, stage=CURRENT)
        if stored.value != self.run.current.value:
            raise RotationError("The new secret does not hold what was stored in it.", code="aws_inconsistent")

    def _key(self) -> str | None:
        """Give the key to encrypt with: the one asked for, or the former one, which is of no use in another region."""
        former = self.saved.kms_key_id
        if self.request.kms_key_id or not former or self.saved.region == self.store.region:
            return self.request.kms_key_id or former
        self.journal.warn(
            f"The secret was encrypted with the key {former} of {self.saved.region}; in {self.store.region} the default"
            " key of the account is used, unless rotation_kms_key_id names another."
        )
        return None

    def _result(self, action: str, before: Mapping[str, frozenset[str]], after: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "changed": action != KEPT,
            "msg": f"{self.request.rotation.client}: {self._told(action)}",
            "client": self.request.rotation.client,
            "secret_id": self.store.secret_id,
            "action": action,
            "version_id": next((version for version, stages in after.items() if CURRENT in stages), None),
            **self._source(),
            **effort(self.journal, self.store),
            "warnings": list(self.journal.warnings),
            "diff": {"before": _by_label(before), "after": _by_label(after)},
        }

    def _source(self) -> dict[str, str]:
        return {"saved_at": stamp(self.request.entry.saved_at)}

    def _told(self, action: str) -> str:
        proven = f"opens {self.run.server.title} at {self.run.session.place}" if hasattr(self.run, "server") else ""
        backup = f"version {self.version.version_id} of the backup of {stamp(self.request.entry.saved_at)}"
        done = "would be" if self.check else "is"
        if action == CREATED:
            return f"{backup} {proven}; the secret {done} created with it as AWSCURRENT"
        if action == UNDELETED and not proven:
            return "the deletion of the secret would be cancelled, and its AWSCURRENT then be proven by a login"
        opens = f"AWSCURRENT {proven}"
        return {
            UNDELETED: f"{opens}; the secret {done} no longer scheduled for deletion",
            FINISHED: f"{opens}; what an earlier restore had left out {done} added",
            KEPT: f"the secret exists and its {opens}; it is left as it is",
        }[action]


def _by_label(versions: Mapping[str, Any]) -> dict[str, str]:
    return {stage: version for version, stages in versions.items() for stage in sorted(stages)}


def _after_refusal() -> str:
    return (
        "The secret exists, so it is not overwritten. If somebody changed the password on the server, store the one"
        f" that works: {RECONCILE}. If the server itself was restored and has the backup's password: {COMMAND}"
        " -e rotation_backup_replace=true, with the same backup file."
    )
