# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a secret and its server together again after somebody changed one of them by hand.

The password that works now is proven by a login and becomes AWSCURRENT by the steps of a rotation, without touching
the server. From there a recovery run does what is left: other rows, leftover passwords, tags.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from .._aws.secret_store import CURRENT, VERSION_ID_LENGTHS, SecretDescription, SecretStore, SecretVersion
from .._codes import Code
from .._context.context import RotationContext
from .._context.request import RotationRequest
from .._db.let_in import row_let_in
from .._db.rows import AccountRow
from .._decision.decision import RECONCILE, ROLL_BACK
from .._decision.refuse import beside_foreign
from .._errors import LoginRefused, RotationError, SecretNotFound
from .._secret_value import Login
from .._steps.look import survey
from .._steps.match import find_versions_by_hash
from .._steps.observe import row_facts
from .._steps.persist import put_and_read_back
from .._steps.promote import promote
from .receipt import effort, receipt
from .until_done import until_done


@dataclass(frozen=True)
class Proof:
    """What opens the server now: a password, a version of the secret (id or stage), or an administrator's secret.

    Without a proof, AWSCURRENT is tried once more, however often it was refused.
    """

    password: str | None = None
    version: str | None = None
    administrator: SecretStore | None = None


def reconcile(request: RotationRequest, proof: Proof, store: SecretStore) -> dict[str, Any]:
    """Reconcile one client and give the receipt; raises RotationError as a rotation does."""
    context = RotationContext(replace(request, ignores_overlap=True), store, RECONCILE)
    with context.under_way(proof.password):
        return _reconcile(context, proof)


def _reconcile(context: RotationContext, proof: Proof) -> dict[str, Any]:
    with context.journal.step("read"):
        context.versions.read_current()
        previous = context.current.version_id
        context.logins.chosen = _login(context, proof)
    with context.journal.step("open"):
        _open(context, proof)
    with context.journal.step("fence"):
        context.take_fence()
    if not context.by_administrator and context.logins.chosen.password != context.current.value.password:
        if context.request.check:
            return _forecast(context, context.logins.chosen.password)
        _adopt(context, context.logins.chosen.password)
    view, decision = until_done(context)
    return receipt(context, view, decision, previous)


def _login(context: RotationContext, proof: Proof) -> Login:
    """Return the login that is to be proven."""
    current = context.current.value.login
    if proof.administrator:
        other = proof.administrator.read(stage=CURRENT).value.login
        return Login(current.host, current.port, other.user, other.password)
    if proof.version:
        return current.with_password(_version(context, proof.version).value.password)
    return current.with_password(proof.password or current.password)


def _version(context: RotationContext, name: str) -> SecretVersion:
    selector = {"version_id" if len(name) in VERSION_ID_LENGTHS else "stage": name}
    try:
        return context.store.read(**selector)
    except SecretNotFound:
        raise SecretNotFound(
            f"The secret has no version {name!r}.",
            code=Code.SECRET_NOT_FOUND,
            next_step="Correct {option|reconcile.version}. What there is: aws secretsmanager list-secret-version-ids"
            f" --include-deprecated --secret-id {context.request.secret_id}",
        ) from None


def _open(context: RotationContext, proof: Proof) -> None:
    try:
        context.open()
    except LoginRefused as refused:
        if proof == Proof():
            context.logins.remember([context.current], refused)
        refused.next_step = (
            "Find what works, and name it: {option|reconcile.password_file}, {option|reconcile.version} (such as"
            " AWSPREVIOUS), or an administrator's secret in {option|reconcile.admin_secret_id}; then run the same"
            " command again."
        )
        raise


def _adopt(context: RotationContext, password: str) -> None:
    """Make the proven password AWSCURRENT, in a new version with AWSCURRENT's other keys."""
    _look(context, password)
    with context.journal.step("persist"):
        version = put_and_read_back(context, context.current.value.with_password(password), str(uuid.uuid4()))
    promote(context, version)
    context.versions.adopted, context.logins.chosen = version.version_id, None


def _look(context: RotationContext, password: str) -> None:
    """Raise a RotationError where the password may not become AWSCURRENT."""
    with context.journal.step("look"):
        secret, rows = survey(context)
        _refuse_unproven(context, rows, password)
        _refuse_beside_foreign(context, secret, rows, password)


def _refuse_beside_foreign(
    context: RotationContext, secret: SecretDescription, rows: tuple[AccountRow, ...], password: str
) -> None:
    """Raise a RotationError where a row is opened by the password, or a version's, and by one that nobody knows."""
    marker, none = frozenset(("given",)), frozenset[str]()
    versions = find_versions_by_hash(context, secret, {stored for row in rows for stored in row.passwords})
    by_hash = {stored: ids | (marker if stored.matches(password) else none) for stored, ids in versions.items()}
    refused = beside_foreign(row_facts(context, row, by_hash) for row in rows if row.passwords)
    if refused:
        raise refused.error()


def _refuse_unproven(context: RotationContext, rows: tuple[AccountRow, ...], password: str) -> None:
    """Raise a RotationError where the login was let in by something else than the password."""
    login = row_let_in(rows, context.server.current_user, password)
    if login.primary_passwords and login.primary_passwords[0].matches(context.current.value.password):
        raise RotationError(
            f"AWSCURRENT's password is the newer of the two that open {login.name}, so secret and server are together.",
            code=Code.NOTHING_TO_RECONCILE,
            next_step=f"To go back to the older password: {ROLL_BACK}",
        )


def _forecast(context: RotationContext, password: str) -> dict[str, Any]:
    _look(context, password)
    return {
        "changed": True,
        "msg": f"{context.request.client}: the given password opens {context.server.title} at {context.session.place}"
        " and would become AWSCURRENT",
        "client": context.request.client,
        "secret_id": context.request.secret_id,
        "reason": context.request.reason,
        **effort(context.journal, context.store),
        "warnings": list(context.journal.warnings),
        "diff": {"before": {CURRENT: context.current.version_id}, "after": {CURRENT: "(a new version)"}},
    }
