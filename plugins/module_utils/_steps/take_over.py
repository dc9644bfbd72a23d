# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before any other step: on adopted rows AWSCURRENT's password takes the place of one that no version knows."""

from __future__ import annotations

from .._codes import Code
from .._context.context import RotationContext
from .._db.rows import Change
from .._decision.decision import Decision, listed
from .._errors import RotationError
from .look import View
from .promote import refuse_moved_label
from .rows import all_have, read_rows, refuse_changed_rows


def take_over(context: RotationContext, view: View, decision: Decision) -> None:
    """Make AWSCURRENT's password, the second one of some rows, their only one; it opens them all the while."""
    with context.journal.step("apply"):
        context.prove_commit()
        context.fence.confirm()
        refuse_changed_rows(context, view)
        changes = view.changes(decision.rows, keep=context.current)
        refuse_moved_label(context)
        context.progress.take_over()
        context.dialect.put_first(context.session, changes, context.current.value.password)
        if not all_have(context, read_rows(context), set(decision.rows), context.current):
            raise RotationError("Not every account row holds AWSCURRENT's password first.", code=Code.NOT_APPLIED)
    with context.journal.step("discard"):
        context.dialect.discard(context.session, changes)
        _refuse_leftover(context, changes)
    context.journal.warn(
        f"On {listed(decision.rows)} AWSCURRENT's password took the place of one that no version knows."
    )


def _refuse_leftover(context: RotationContext, changes: list[Change]) -> None:
    # AWSCURRENT's own may have been the second as well as the first password of a row.
    ended = {
        (change.row.name, password)
        for change in changes
        for password in change.replaced
        if not context.versions.matches(password, context.current)
    }
    names = sorted(
        {row.name for row in read_rows(context) for password in row.passwords if (row.name, password) in ended}
    )
    if names:
        raise RotationError(f"Another password is still valid on {listed(names)}.", code=Code.NOT_DISCARDED)
