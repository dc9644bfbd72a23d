# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before any other step: on adopted rows AWSCURRENT's password takes the place of one that no version knows."""

from __future__ import annotations

from ansible_collections.dbops.rotation.plugins.module_utils._context.context import Run
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import Change
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import Decision, listed
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._steps.look import View
from ansible_collections.dbops.rotation.plugins.module_utils._steps.promote import refuse_moved_label
from ansible_collections.dbops.rotation.plugins.module_utils._steps.rows import all_have, read_rows, refuse_changed_rows


def take_over(run: Run, view: View, decision: Decision) -> None:
    """Make AWSCURRENT's password, the second one of some rows, their only one; it opens them all the while."""
    with run.journal.step("apply"):
        run.prove_commit()
        run.fence.confirm()
        refuse_changed_rows(run, view)
        changes = view.changes(decision.rows, keep=run.current)
        refuse_moved_label(run)
        run.journal.taken_over = True
        run.dialect.put_first(run.session, changes, run.current.value.password)
        if not all_have(run, set(decision.rows), run.current):
            raise RotationError("Not every account row holds AWSCURRENT's password first.", code="not_applied")
    with run.journal.step("discard"):
        run.dialect.discard(run.session, changes)
        _refuse_leftover(run, changes)
    run.journal.warn(f"On {listed(decision.rows)} AWSCURRENT's password took the place of one that no version knows.")


def _refuse_leftover(run: Run, changes: list[Change]) -> None:
    # AWSCURRENT's own may have been the second as well as the first password of a row.
    ended = {
        (change.row.name, password)
        for change in changes
        for password in change.replaced
        if not run.holds(password, run.current)
    }
    left = sorted({row.name for row in read_rows(run) for password in row.passwords if (row.name, password) in ended})
    if left:
        raise RotationError(f"Another password is still valid on {listed(left)}.", code="not_discarded")
