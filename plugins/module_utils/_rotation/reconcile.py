# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a secret and its server together again after somebody changed one of them by hand.

The password that works now is proven by a login and becomes AWSCURRENT by the steps of a rotation, without touching
the server. From there a recovery run does what is left: other rows, leftover passwords, tags.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import (
    CURRENT,
    VERSION_ID_LENGTHS,
    SecretDescription,
    SecretStore,
    SecretVersion,
)
from ansible_collections.dbops.rotation.plugins.module_utils._context.context import Run
from ansible_collections.dbops.rotation.plugins.module_utils._context.journal import Journal
from ansible_collections.dbops.rotation.plugins.module_utils._context.request import RotationRequest
from ansible_collections.dbops.rotation.plugins.module_utils._db.let_in import row_let_in
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import RECONCILE, ROLL_BACK
from ansible_collections.dbops.rotation.plugins.module_utils._decision.refuse import beside_foreign
from ansible_collections.dbops.rotation.plugins.module_utils._errors import LoginRefused, RotationError, SecretNotFound
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.receipt import effort, receipt
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.rotate import until_done
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login
from ansible_collections.dbops.rotation.plugins.module_utils._steps.change import promote
from ansible_collections.dbops.rotation.plugins.module_utils._steps.look import survey
from ansible_collections.dbops.rotation.plugins.module_utils._steps.match import holders_of
from ansible_collections.dbops.rotation.plugins.module_utils._steps.observe import row_facts
from ansible_collections.dbops.rotation.plugins.module_utils._steps.persist import put_and_read_back


@dataclass(frozen=True)
class Proof:
    """What opens the server now: a password, a version of the secret (id or stage), or an administrator's secret.

    Where none is given, AWSCURRENT is tried once more, however often it was refused.
    """

    password: str | None = None
    version: str | None = None
    administrator: SecretStore | None = None


def reconcile(request: RotationRequest, proof: Proof, store: SecretStore) -> dict[str, Any]:
    """Reconcile one client and give the receipt; raises RotationError as a rotation does."""
    journal = Journal(request.client, RECONCILE)
    journal.warnings += request.tls.warnings()
    with journal.step("prepare"):
        request.refuse_invalid()
        run = Run(request, store, journal)
        run.reconciles = True
    with run.under_way(proof.password):
        return _reconcile(run, proof)


def _reconcile(run: Run, proof: Proof) -> dict[str, Any]:
    with run.journal.step("read"):
        run.read_current()
        previous = run.current.version_id
        run.login_as = _login(run, proof)
    with run.journal.step("open"):
        _open(run, proof)
    with run.journal.step("fence"):
        run.take_fence()
    if not run.by_administrator and run.login_as.password != run.current.value.password:
        if run.request.check:
            return _foreseen(run, run.login_as.password)
        _adopt(run, run.login_as.password)
    view, decision = until_done(run)
    return receipt(run, view, decision, previous)


def _login(run: Run, proof: Proof) -> Login:
    """Give the login that is to be proven."""
    current = run.current.value.login
    if proof.administrator:
        other = proof.administrator.read(stage=CURRENT).value.login
        return Login(current.host, current.port, other.user, other.password)
    if proof.version:
        return current.with_password(_version(run, proof.version).value.password)
    return current.with_password(proof.password or current.password)


def _version(run: Run, name: str) -> SecretVersion:
    named = {"version_id" if len(name) in VERSION_ID_LENGTHS else "stage": name}
    try:
        return run.store.read(**named)
    except SecretNotFound:
        raise SecretNotFound(
            f"The secret has no version {name!r}.",
            code="secret_not_found",
            next_step="Correct rotation_reconcile_version. What there is: aws secretsmanager list-secret-version-ids"
            f" --include-deprecated --secret-id {run.request.secret_id}",
        ) from None


def _open(run: Run, proof: Proof) -> None:
    try:
        run.open()
    except LoginRefused as refused:
        if proof == Proof():
            run.remember([run.current], refused)
        refused.next_step = (
            "Find what works, and name it: rotation_reconcile_password_file, rotation_reconcile_version (such as"
            " AWSPREVIOUS), or an administrator's secret in rotation_reconcile_admin_secret_id; then run the same"
            " command again."
        )
        raise


def _adopt(run: Run, password: str) -> None:
    """Make the proven password AWSCURRENT, in a new version with AWSCURRENT's other keys."""
    _look(run, password)
    with run.journal.step("persist"):
        version = put_and_read_back(run, run.current.value.with_password(password), str(uuid.uuid4()))
    promote(run, version)
    run.adopted, run.login_as = version.version_id, None


def _look(run: Run, password: str) -> None:
    """Raise a RotationError where the password may not become AWSCURRENT."""
    with run.journal.step("look"):
        secret, rows = survey(run)
        _refuse_unproven(run, rows, password)
        _refuse_beside_foreign(run, secret, rows, password)


def _refuse_beside_foreign(run: Run, secret: SecretDescription, rows: tuple[AccountRow, ...], password: str) -> None:
    """Raise a RotationError where a row is opened by the password, or a version's, and by one that nobody knows."""
    given, none = frozenset(("given",)), frozenset[str]()
    versions = holders_of(run, secret, {stored for row in rows for stored in row.passwords})
    known = {stored: found | (given if stored.matches(password) else none) for stored, found in versions.items()}
    refused = beside_foreign(row_facts(run, row, known) for row in rows if row.passwords)
    if refused:
        raise RotationError(refused.reason, code=refused.code, next_step=refused.next_step)


def _refuse_unproven(run: Run, rows: tuple[AccountRow, ...], password: str) -> None:
    """Raise a RotationError where the login was let in by something else than the password."""
    login = row_let_in(rows, run.server.current_user, password)
    if login.first_class and login.first_class[0].matches(run.current.value.password):
        raise RotationError(
            f"AWSCURRENT's password is the newer of the two that open {login.name}, so secret and server are together.",
            code="nothing_to_reconcile",
            next_step=f"To go back to the older password: {ROLL_BACK}",
        )


def _foreseen(run: Run, password: str) -> dict[str, Any]:
    _look(run, password)
    return {
        "changed": True,
        "msg": f"{run.request.client}: the given password opens {run.server.title} at {run.session.place} and would"
        " become AWSCURRENT",
        "client": run.request.client,
        "secret_id": run.request.secret_id,
        "reason": run.request.reason,
        **effort(run.journal, run.store),
        "warnings": list(run.journal.warnings),
        "diff": {"before": {CURRENT: run.current.version_id}, "after": {CURRENT: "(a new version)"}},
    }
