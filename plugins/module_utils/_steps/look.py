# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 4 of the protocol: look at labels, tags and account rows, under the fence, and tell them as facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import (
    CURRENT,
    SecretDescription,
    SecretVersion,
)
from ansible_collections.dbops.rotation.plugins.module_utils._context.context import Run
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import Cycle
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import StoredPassword
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow, Change
from ansible_collections.dbops.rotation.plugins.module_utils._decision.facts import (
    Facts,
)
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError, SecretNotFound
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login
from ansible_collections.dbops.rotation.plugins.module_utils._steps import ownership
from ansible_collections.dbops.rotation.plugins.module_utils._steps.cycle import cycle_of
from ansible_collections.dbops.rotation.plugins.module_utils._steps.match import holders_of
from ansible_collections.dbops.rotation.plugins.module_utils._steps.observe import facts_of


@dataclass(frozen=True)
class View:
    """Everything seen, and the facts that follow."""

    secret: SecretDescription
    cycle: Cycle
    rows: tuple[AccountRow, ...]
    holders: dict[StoredPassword, frozenset[str]]
    facts: Facts

    def changes(self, names: tuple[str, ...], *, keep: SecretVersion) -> list[Change]:
        """Give the rows of these names with the passwords to replace: ours, or on adopted rows all, but one."""
        adopted = {row.name for row in self.facts.rows if row.adopted}
        chosen = [row for row in self.rows if row.name in names]
        return [Change(row, self._replaceable(row, keep, every=row.name in adopted)) for row in chosen]

    def seen_again(self, run: Run, rows: list[AccountRow]) -> View:
        """Give the view with the rows as they are now; of what is new on them only AWSCURRENT is known.

        Known passwords are compared with AWSCURRENT too: it may be a new version of one of them, and would be ended.
        """
        ours, none = frozenset((run.current.version_id,)), frozenset[str]()
        known = {
            stored: self.holders.get(stored, none) | (ours if run.holds(stored, run.current) else none)
            for row in rows
            for stored in row.passwords
        }
        return replace(self, rows=tuple(rows), holders={**self.holders, **known})

    def _replaceable(self, row: AccountRow, keep: SecretVersion, *, every: bool) -> tuple[StoredPassword, ...]:
        replaced = [stored for stored in row.first_class if keep.version_id not in self.holders[stored]]
        candidates = [*replaced, row.retained] if row.retained else replaced
        return tuple(stored for stored in candidates if every or self.holders[stored])


def look(run: Run) -> View:
    """Look once; raises RotationError where what is seen rules a rotation out whatever the labels say."""
    secret, rows = survey(run)
    run.replicas = secret.replicas
    holders = holders_of(run, secret, {password for row in rows for password in row.passwords})
    now = datetime.now(UTC)
    mended = cycle_of(run, secret, now)
    for text in mended.warnings:
        run.journal.warn(text)
    return View(secret, mended.cycle, rows, holders, facts_of(run, secret, mended, rows, holders, now))


def survey(run: Run) -> tuple[SecretDescription, tuple[AccountRow, ...]]:
    """Describe the secret and list the account's rows; raises RotationError where either is not ours to change."""
    secret = _describe(run)
    ownership.refuse_foreign_management(secret)
    run.identify(secret.tags)
    ownership.refuse_other_server(run.identity, run.request.accept_server_id)
    user = run.current.value.login.user
    if run.only_looks:
        ownership.refuse_shared_account(run.store, run.identity, run.store.sibling)
    elif not run.identity.is_settled:
        ownership.confirm_account(run.store, run.identity, run.store.sibling, run.attempts())
    rows = tuple(run.dialect.rows(run.session, user))
    _refuse_unmanageable(run, rows)
    return secret, rows


def _describe(run: Run) -> SecretDescription:
    """Describe the secret, and read AWSCURRENT again until both agree which version that is."""
    for last in run.attempts():
        try:
            secret = run.store.describe()
        except SecretNotFound:
            if last:
                raise
            continue  # it was read a moment ago, so it is too new to be seen everywhere
        if secret.holder(CURRENT) != run.current.version_id:
            opened = run.current.value.login
            run.read_current()
            _refuse_other_login(opened, run.current.value.login)
        if secret.holder(CURRENT) == run.current.version_id:
            return secret
    raise RotationError(
        "Secrets Manager names different versions as AWSCURRENT and does not settle.", code="aws_inconsistent"
    )


def _refuse_other_login(opened: Login, now: Login) -> None:
    if (opened.host, opened.port, opened.user) != (now.host, now.port, now.user):
        raise RotationError(
            "The host, port or user in the secret was changed while the run was at work.", code="secret_changed"
        )


def _refuse_unmanageable(run: Run, rows: tuple[AccountRow, ...]) -> None:
    broken = [(row.name, row.problem) for row in rows if row.problem]
    if broken:
        remedies = dict.fromkeys(problem.remedy for _name, problem in broken)
        raise RotationError(
            "; ".join(f"The account {name} {problem.text}" for name, problem in broken) + ".",
            code="row_problem",
            next_step=f"{'. '.join(remedies)}. Then run the same command again.",
        )
    unknown = run.request.adopt_rows - {row.name for row in rows if row.passwords}
    if unknown:
        raise RotationError(
            f"{{option|adopt_rows}} names {', '.join(sorted(unknown))}, which is no row with a password on this"
            " server.",
            code="invalid_option",
            next_step=f"Name rows as user@host; there are: {', '.join(row.name for row in rows)}.",
        )
