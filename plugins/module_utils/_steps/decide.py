# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps 4 and 5 of the protocol: look and decide, again where what is seen may pass by itself."""

from __future__ import annotations

from .._codes import Code
from .._context.context import RotationContext
from .._decision.decide import decide, held_by_replicas
from .._decision.decision import INTRODUCING, Action, Decision
from .look import View, look
from .replicas import catch_up

# They may be seen while Secrets Manager does not show a version yet that is there.
MAY_PASS = (Code.DRIFT, Code.FOREIGN_PRIMARY)


def look_and_decide(context: RotationContext) -> tuple[View, Decision]:
    """Return what is seen and the one safe thing to do; raises RotationError where that is to refuse."""
    for last in context.attempts():
        view = _look(context)
        decision = decide(view.facts)
        if last or decision.code not in MAY_PASS:
            break
    with context.journal.step("decide"):
        if decision.action is Action.REFUSE:
            raise decision.error()
        if decision.action in INTRODUCING:
            context.refuse_stalled()
    return view, decision


def _look(context: RotationContext) -> View:
    """Look; where replica regions are all that is in the way, wait for them and look again."""
    with context.journal.step("look"):
        view = look(context)
    if context.request.check or not held_by_replicas(view.facts) or catch_up(context):
        return view
    with context.journal.step("look"):
        return look(context)
