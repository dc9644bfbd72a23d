# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a rotation in their order.

Nothing is sent to rows that are not what the decision was made from, and nothing is told or written down as done
before the rows, read last, say so. Each step leaves a state from which the next run finishes; none trusts an answer, or
the lack of one, without looking at what it changed.
"""

from __future__ import annotations

from ansible_collections.dbops.rotation.plugins.module_utils._context.context import RotationContext
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import stamp
from ansible_collections.dbops.rotation.plugins.module_utils._db.grants import grants_digest
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decide import held_by_replicas, leads_on
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import INTRODUCING, Action, Decision
from ansible_collections.dbops.rotation.plugins.module_utils._steps.confirm import confirm
from ansible_collections.dbops.rotation.plugins.module_utils._steps.discard import discard, keep_for, kept_until_of
from ansible_collections.dbops.rotation.plugins.module_utils._steps.introduce import introduce
from ansible_collections.dbops.rotation.plugins.module_utils._steps.look import View
from ansible_collections.dbops.rotation.plugins.module_utils._steps.promote import promote
from ansible_collections.dbops.rotation.plugins.module_utils._steps.record import record
from ansible_collections.dbops.rotation.plugins.module_utils._steps.rows import read_rows
from ansible_collections.dbops.rotation.plugins.module_utils._steps.sessions import end_sessions
from ansible_collections.dbops.rotation.plugins.module_utils._steps.take_over import take_over
from ansible_collections.dbops.rotation.plugins.module_utils._steps.verify import verify


def execute(context: RotationContext, view: View, decision: Decision) -> bool:
    """Do what was decided; tell whether the request is fulfilled (else look again and decide anew)."""
    context.journal.kept_for = ""
    if decision.action in (Action.NOTHING, Action.RECORD) and held_by_replicas(view.facts):
        keep_for(context, view.facts.lagging)
    if decision.action in (Action.NOTHING, Action.WAIT_FOR_HOOKS):
        if decision.reason == view.facts.skip_reason and not context.request.before:
            context.journal.warn(decision.reason)
        return True
    context.journal.changed = True
    if decision.action is Action.TAKE_OVER:
        take_over(context, view, decision)
        return False
    if decision.action in INTRODUCING:
        version = introduce(context, view, decision)
        verify(context, view, version)
        promote(context, version)
        if view.facts.waits_for_hooks:
            with context.journal.step("confirm"):
                confirm(context, view, read_rows(context), kept=True)
            return True
    _end(context, view, decision)
    return not leads_on(decision, view.facts)


def _end(context: RotationContext, view: View, decision: Decision) -> None:
    """End the old password, or leave it until its overlap is over; then write down that everything is done."""
    kept_until = kept_until_of(context, view)
    if not kept_until and decision.action is not Action.RECORD:
        kept_until = discard(context, view, by_force=decision.action is Action.DISCARD_OLD and bool(view.facts.lagging))
    if kept_until:
        context.journal.kept_until = stamp(kept_until)
    if decision.action is Action.DISCARD_OLD and view.facts.behind:
        return  # a row is to be given AWSCURRENT's password first, so there is nothing to write down yet
    with context.journal.step("confirm"):
        grants = grants_digest(context.session, (row for row in view.rows if row.name in view.facts.covered_names))
        rows = read_rows(context)  # read last
        confirm(context, view, rows, kept=kept_until is not None)
        context.journal.settled = kept_until is None
    end_sessions(context, view)
    with context.journal.step("record"):
        record(context, view, rows, grants, kept_until, goes_on=leads_on(decision, view.facts))
