# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 4 of the protocol: look at labels, tags and account rows, under the fence, and tell them as facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from .._aws.secret_store import CURRENT, SecretDescription, SecretVersion
from .._codes import Code
from .._context.context import RotationContext
from .._cycle.tags import Cycle
from .._db.hashes import StoredPassword
from .._db.rows import AccountRow, Change
from .._decision.facts import Facts
from .._errors import RotationError, SecretNotFound
from .._secret_value import Login
from . import ownership
from .cycle import cycle_of
from .match import find_versions_by_hash
from .observe import facts_of


@dataclass(frozen=True)
class View:
    """Everything seen, and the facts that follow."""

    secret: SecretDescription
    cycle: Cycle
    rows: tuple[AccountRow, ...]
    versions_by_hash: dict[StoredPassword, frozenset[str]]
    facts: Facts

    def changes(self, names: tuple[str, ...], *, keep: SecretVersion) -> list[Change]:
        """Return the rows of these names with the passwords to replace: ours, or on adopted rows all, but one."""
        adopted = {row.name for row in self.facts.rows if row.adopted}
        chosen = [row for row in self.rows if row.name in names]
        return [Change(row, self._replaceable(row, keep, every=row.name in adopted)) for row in chosen]

    def with_rows(self, context: RotationContext, rows: list[AccountRow]) -> View:
        """Return the view with the rows as they are now; of what is new on them only AWSCURRENT is known.

        Known passwords are compared with AWSCURRENT too: it may be a new version of one of them, and would be ended.
        """
        ours, none = frozenset((context.current.version_id,)), frozenset[str]()
        ids_by_hash = {
            stored: self.versions_by_hash.get(stored, none)
            | (ours if context.versions.matches(stored, context.current) else none)
            for row in rows
            for stored in row.passwords
        }
        return replace(self, rows=tuple(rows), versions_by_hash={**self.versions_by_hash, **ids_by_hash})

    def _replaceable(self, row: AccountRow, keep: SecretVersion, *, every: bool) -> tuple[StoredPassword, ...]:
        replaced = [stored for stored in row.primary_passwords if keep.version_id not in self.versions_by_hash[stored]]
        candidates = [*replaced, row.retained] if row.retained else replaced
        return tuple(stored for stored in candidates if every or self.versions_by_hash[stored])


def look(context: RotationContext, *, only_looks: bool = False) -> View:
    """Look once; raises RotationError where what is seen rules a rotation out whatever the labels say."""
    context.versions.empty.clear()
    secret, rows = survey(context, only_looks=only_looks)
    context.regions.replicas = secret.replicas
    versions_by_hash = find_versions_by_hash(context, secret, {password for row in rows for password in row.passwords})
    now = datetime.now(UTC)
    effective = cycle_of(context, secret, now)
    for text in effective.warnings:
        context.journal.warn(text)
    return View(
        secret,
        effective.cycle,
        rows,
        versions_by_hash,
        facts_of(context, secret, effective, rows, versions_by_hash, now),
    )


def survey(context: RotationContext, *, only_looks: bool = False) -> tuple[SecretDescription, tuple[AccountRow, ...]]:
    """Describe the secret and list the account's rows; raises RotationError where either is not ours to change.

    ``only_looks``: nothing will be changed, so a listing that is behind does no harm.
    """
    secret = _describe(context)
    ownership.refuse_foreign_management(secret)
    context.identify(secret.tags)
    ownership.refuse_other_server(context.identity, context.request.accept_server_id)
    user = context.current.value.login.user
    if only_looks:
        ownership.refuse_shared_account(context.store, context.identity, context.store.sibling)
    elif not context.identity.is_settled:
        ownership.confirm_account(context.store, context.identity, context.store.sibling, context.attempts())
    rows = tuple(context.dialect.rows(context.session, user))
    _refuse_unmanageable(context, rows)
    return secret, rows


def _describe(context: RotationContext) -> SecretDescription:
    """Describe the secret, and read AWSCURRENT again until both agree which version that is."""
    for last in context.attempts():
        try:
            secret = context.store.describe()
        except SecretNotFound:
            if last:
                raise
            continue  # it was read a moment ago, so it is too new to be seen everywhere
        if secret.holder(CURRENT) != context.current.version_id:
            opened = context.current.value.login
            context.versions.read_current()
            _refuse_other_login(opened, context.current.value.login)
        if secret.holder(CURRENT) == context.current.version_id:
            return secret
    raise RotationError(
        "Secrets Manager names different versions as AWSCURRENT and does not settle.", code=Code.AWS_INCONSISTENT
    )


def _refuse_other_login(opened: Login, now: Login) -> None:
    if (opened.host, opened.port, opened.user) != (now.host, now.port, now.user):
        raise RotationError(
            "The host, port or user in the secret was changed while the run was at work.", code=Code.SECRET_CHANGED
        )


def _refuse_unmanageable(context: RotationContext, rows: tuple[AccountRow, ...]) -> None:
    broken = [(row.name, row.problem) for row in rows if row.problem]
    if broken:
        remedies = dict.fromkeys(problem.remedy for _name, problem in broken)
        raise RotationError(
            "; ".join(f"The account {name} {problem.text}" for name, problem in broken) + ".",
            code=Code.ROW_PROBLEM,
            next_step=f"{'. '.join(remedies)}. Then run the same command again.",
        )
    unknown = context.request.adopt_rows - {row.name for row in rows if row.passwords}
    if unknown:
        raise RotationError(
            f"{{option|adopt_rows}} names {', '.join(sorted(unknown))}, which is no row with a password on this"
            " server.",
            code=Code.INVALID_OPTION,
            next_step=f"Name rows as user@host; there are: {', '.join(row.name for row in rows)}.",
        )
