# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account rows as they are now, and what they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .._aws.secret_store import SecretVersion
from .._codes import Code
from .._context.context import RotationContext
from .._db.rows import AccountRow
from .._decision.decision import listed
from .._errors import RowsChanged
from .look import View


def read_rows(context: RotationContext) -> list[AccountRow]:
    """Return the account's rows as they are now."""
    return context.dialect.rows(context.session, context.current.value.login.user)


def having(context: RotationContext, rows: list[AccountRow], version: SecretVersion) -> list[AccountRow]:
    """Return the rows that hold this version's password, other than as a retained one."""
    return [row for row in rows if any(context.versions.matches(stored, version) for stored in row.primary_passwords)]


def all_have(
    context: RotationContext, rows: Iterable[AccountRow], names: Collection[str], version: SecretVersion
) -> bool:
    """Return True if every row of these names is there and has this version's password, not as a retained one."""
    named = [row for row in rows if row.name in names]
    return set(names) <= {row.name for row in having(context, named, version)}


def refuse_changed_rows(context: RotationContext, view: View) -> None:
    """Raise RowsChanged where the rows are not those that the decision was made from, so that it is made anew."""
    context.deadline.check()
    before, now = ({row.name: row for row in rows} for rows in (view.rows, read_rows(context)))
    if before != now:
        changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
        raise RowsChanged(
            f"Somebody changed {listed(changed)} while the rotation was at work.", code=Code.CHANGED_MEANWHILE
        )
