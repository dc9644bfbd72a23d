# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 4 of the protocol: look at labels, tags and account rows, under the fence, and tell them as facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import (
    CURRENT,
    PENDING,
    PREVIOUS,
    SecretDescription,
    SecretVersion,
)
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import Cycle, read_cycle
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import StoredPassword
from ansible_collections.dbops.rotation.plugins.module_utils._db.policy import policy_rules
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow, Change
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._password import could_have_generated
from ansible_collections.dbops.rotation.plugins.module_utils._rotation import ownership
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.facts import (
    ROLLBACK,
    Facts,
    PendingFacts,
    RowFacts,
)
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.match import holders_of
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.run import Run
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login

PENDING_LIFE = timedelta(days=1)


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
    holders = holders_of(run, secret, {password for row in rows for password in row.passwords})
    cycle = read_cycle(secret.tags, run.current.created)
    return View(secret, cycle, rows, holders, _facts(run, secret, cycle, rows, holders))


def survey(run: Run) -> tuple[SecretDescription, tuple[AccountRow, ...]]:
    """Describe the secret and list the account's rows; raises RotationError where either is not ours to change."""
    secret = _describe(run)
    ownership.refuse_foreign_management(secret)
    ownership.refuse_other_server(secret, run.server.server_id, run.request.accept_server_id)
    user = run.current.value.login.user
    if secret.tags.get(tags.SERVER_ID) != run.server.server_id:
        ownership.refuse_shared_account(run.store, run.server.server_id, user, run.store.sibling)
    rows = tuple(run.dialect.rows(run.session, user))
    _refuse_unmanageable(run, rows)
    return secret, rows


def _describe(run: Run) -> SecretDescription:
    """Describe the secret, and read AWSCURRENT again until both agree which version that is."""
    for _last in run.attempts():
        secret = run.store.describe()
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
    broken = [row for row in rows if row.problem]
    if broken:
        raise RotationError(
            "; ".join(f"The account {row.name} {row.problem}" for row in broken) + ".",
            code="row_problem",
            next_step="Give each of them one password and a plugin that the rotation knows, or drop the row;"
            " for ed25519 install PyNaCl. Then run the same command again.",
        )
    unknown = run.request.adopt_rows - {row.name for row in rows if row.passwords}
    if unknown:
        raise RotationError(
            f"rotation_adopt_rows names {', '.join(sorted(unknown))}, which is no row with a password on this server.",
            code="invalid_option",
            next_step=f"Name rows as user@host; there are: {', '.join(row.name for row in rows)}.",
        )


def _facts(
    run: Run,
    secret: SecretDescription,
    cycle: Cycle,
    rows: tuple[AccountRow, ...],
    holders: dict[StoredPassword, frozenset[str]],
) -> Facts:
    now = datetime.now(UTC)
    overlap = tags.overlap_until(secret.tags)
    return Facts(
        current=run.current.version_id,
        previous=secret.holder(PREVIOUS),
        pending=_pending(run, secret),
        recorded=secret.tags.get(tags.VERSION),
        rows=tuple(_row(run, row, holders) for row in rows if row.passwords),
        trigger=run.request.trigger,
        due=cycle.due <= now,
        untidy=cycle.mended or _outlived(run, secret, now),
        overlapping=overlap is not None and now < overlap,
        rollback=secret.tags.get(tags.ROLLBACK),
        restorable=_restorable(run, secret),
        by_administrator=run.by_administrator,
        undecryptable=tuple(sorted(run.undecryptable)),
    )


def _outlived(run: Run, secret: SecretDescription, now: datetime) -> bool:
    """Tell whether a tag speaks of a refusal that is no more, or of an overlap that is over."""
    refused = run.current.version_id in tags.refused_versions(secret.tags)
    overlap = tags.overlap_until(secret.tags)
    return refused or (overlap is not None and overlap <= now)


def _restorable(run: Run, secret: SecretDescription) -> bool:
    """Tell whether AWSPREVIOUS holds another password; only a rollback needs to know, and read it."""
    version_id = secret.holder(PREVIOUS)
    if run.request.trigger != ROLLBACK or version_id is None:
        return False
    version = run.readable(version_id)
    return version is not None and version.value.password != run.current.value.password


def _row(run: Run, row: AccountRow, holders: dict[StoredPassword, frozenset[str]]) -> RowFacts:
    # MariaDB's methods are equal to each other, so one that is ours counts as the primary.
    primary = next((stored for stored in row.first_class if holders[stored]), row.first_class[0])
    others = [stored for stored in row.passwords if stored is row.retained or not holders[stored] & holders[primary]]
    secondary: frozenset[str] | None = frozenset[str]().union(*(holders[stored] for stored in others))
    adopted = row.name in run.request.adopt_rows
    ends_foreign = adopted and not all(holders[stored] for stored in row.passwords)
    if not (secondary or row.retained or ends_foreign):
        secondary = None  # none, or a method that is foreign and survives every change but an adoption
    return RowFacts(
        name=row.name,
        primary=holders[primary],
        secondary=secondary,
        login=row.name == run.server.current_user,
        adopted=adopted,
    )


def _pending(run: Run, secret: SecretDescription) -> PendingFacts | None:
    version_id = secret.holder(PENDING)
    if version_id is None or version_id == run.current.version_id:
        return None
    version = run.readable(version_id)
    if version is None:
        return PendingFacts(version_id, same_keys=False, reusable=False, newer=False)
    same_keys = version.value.same_other_keys(run.current.value)
    rules = policy_rules(run.server, run.current.value.login.user, run.request.rules)
    return PendingFacts(
        version=version_id,
        same_keys=same_keys,
        reusable=same_keys
        and version_id != secret.tags.get(tags.ROLLBACK)
        and version.created >= run.current.created
        and could_have_generated(version.value.password, rules)
        and datetime.now(UTC) - version.created < PENDING_LIFE,
        newer=version.created >= run.current.created,
    )
