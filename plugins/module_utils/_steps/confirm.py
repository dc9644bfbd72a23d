# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last look at the rows, before the run reports or records anything as done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .._codes import Code
from .._context.context import RotationContext
from .._context.progress import Stage
from .._db.grants import grants_digest
from .._db.rows import AccountRow
from .._decision.decision import RECONCILE, listed
from .._errors import RotationError
from .look import View
from .rows import read_rows


def confirm_kept(context: RotationContext, view: View) -> None:
    """Raise a RotationError where AWSCURRENT's password is not the first one everywhere."""
    with context.journal.step("confirm"):
        _confirm(context, view, read_rows(context), overlap=True)


def confirm_done(context: RotationContext, view: View, *, overlap: bool) -> tuple[list[AccountRow], str | None]:
    """Return the rows, as read last, and a digest of their grants; raises RotationError where they are not done."""
    with context.journal.step("confirm"):
        grants = grants_digest(context.session, (row for row in view.rows if row.name in view.facts.covered_names))
        rows = read_rows(context)  # read last
        _confirm(context, view, rows, overlap=overlap)
        if not overlap:
            context.progress.reach(Stage.SETTLED)
    return rows, grants


def _confirm(context: RotationContext, view: View, rows: Sequence[AccountRow], *, overlap: bool) -> None:
    """Raise a RotationError where the rows, as read last, are not what the run is about to tell.

    AWSCURRENT's password has to be the first one of every covered row, and, unless the old one is kept on purpose, no
    other password of ours may be left.
    """
    covered = view.facts.covered_names
    parted = sorted(covered - {row.name for row in rows if _holds_current(context, row)})
    if parted:
        raise _changed_meanwhile(context, parted)
    names = [] if overlap else sorted(_with_other(context, view, rows, covered))
    if names:
        raise RotationError(
            f"Another password than AWSCURRENT's is still valid on {listed(names)}.", code=Code.NOT_DISCARDED
        )


def _holds_current(context: RotationContext, row: AccountRow) -> bool:
    return any(context.versions.matches(stored, context.current) for stored in row.primary_passwords)


def _with_other(
    context: RotationContext, view: View, rows: Sequence[AccountRow], covered: frozenset[str]
) -> Iterator[str]:
    """Name the rows that another password of ours opens: covered ones, and any that somebody changed or made."""
    now = view.with_rows(context, list(rows))
    for change in now.changes(tuple(row.name for row in rows), keep=context.current):
        ours = change.row.name in covered
        has_other = change.replaced or change.row.retained
        if (ours and has_other) or (change.row not in view.rows and _holds_other(context, change.row)):
            yield change.row.name


def _holds_other(context: RotationContext, row: AccountRow) -> bool:
    password = context.current.value.password
    others = [version for version in context.versions.all() if version.value.password != password]
    return any(context.versions.matches(stored, version) for stored in row.passwords for version in others)


def _changed_meanwhile(context: RotationContext, names: Sequence[str]) -> RotationError:
    return RotationError(
        f"Somebody changed {listed(names)} while the rotation was at work: AWSCURRENT's password is not the first one"
        " there.",
        code=Code.CHANGED_MEANWHILE,
        state=f"AWSCURRENT is version {context.current.version_id}, whose password does not open {listed(names)}, or"
        " only as the older of two; nothing was recorded as done.",
        next_step="Find out who changes the password. To give every row a new one, run the same command again; where"
        f" that is refused, bring secret and server together with the password that works now: {RECONCILE}",
    )
