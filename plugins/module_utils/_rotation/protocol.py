# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of a rotation, from top to bottom.

Nothing is sent to rows that are not what the decision was made from, and nothing is reported or recorded as done
before the rows, read last, say so. Each step leaves a state from which the next run finishes; none trusts an answer, or
the lack of one, without looking at what it changed.
"""

from __future__ import annotations

from .._context.context import RotationContext
from .._decision.decide import leads_on, predicted
from .._decision.decision import BEGINNING, INTRODUCING, Action, Decision
from .._steps.confirm import confirm_done, confirm_kept
from .._steps.decide import look_and_decide
from .._steps.discard import discard_or_keep, keep_for_lagging
from .._steps.introduce import introduce
from .._steps.look import View
from .._steps.persist import store
from .._steps.promote import promote
from .._steps.record import record
from .._steps.sessions import end_sessions
from .._steps.take_over import take_over
from .._steps.verify import verify


def follow(context: RotationContext) -> tuple[View, Decision] | None:
    """Go through the protocol once. Return what was seen and decided; None if there is more to do."""
    view, decision = look_and_decide(context)
    if context.request.check:
        return view, predicted(decision, view.facts)
    if decision.action in BEGINNING and context.await_turn():
        return None  # what was seen is too old by then
    return (view, decision) if _execute(context, view, decision) else None


def _execute(context: RotationContext, view: View, decision: Decision) -> bool:
    """Do what was decided. Return True if the request is fulfilled."""
    context.progress.keep_nothing()
    keep_for_lagging(context, view, decision)
    if decision.action in (Action.NOTHING, Action.WAIT_FOR_HOOKS):
        return _leave_alone(context, view, decision)
    context.effects.changed = True
    if decision.action is Action.STORE:
        store(context, view, decision)
        return True
    if decision.action is Action.TAKE_OVER:
        take_over(context, view, decision)
        return False
    if decision.action in INTRODUCING:
        version = introduce(context, view, decision)  # persist and apply
        verify(context, view, version)
        promote(context, version)
        if view.facts.waits_for_hooks:
            confirm_kept(context, view)
            return True
    kept_until = discard_or_keep(context, view, decision)  # replicate and discard
    if decision.action is Action.DISCARD_OLD and view.facts.behind:
        return False  # a row has to get AWSCURRENT's password first, so there is nothing to write down yet
    rows, grants = confirm_done(context, view, overlap=kept_until is not None)
    end_sessions(context, view)
    more = leads_on(decision, view.facts)
    with context.journal.step("record"):
        record(context, view, rows, grants, kept_until, goes_on=more)
    return not more


def _leave_alone(context: RotationContext, view: View, decision: Decision) -> bool:
    """Change nothing, and say why if a person wanted more."""
    if decision.reason == view.facts.skip_reason and not context.request.before:
        context.journal.warn(decision.reason)
    return True
