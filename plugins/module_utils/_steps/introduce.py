# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps 6 and 7 of the protocol: store a password, and set it on the rows."""

from __future__ import annotations

from .._aws.secret_store import SecretVersion
from .._codes import Code
from .._context.context import RotationContext
from .._db.policy import policy_title
from .._decision.decision import PROVEN, Action, Decision
from .._errors import PolicyRefused, RotationError
from .apply import apply
from .look import View
from .persist import persist
from .rows import refuse_changed_rows

DRAWS = 3


def introduce(context: RotationContext, view: View, decision: Decision) -> SecretVersion:
    """Store a password and set it on the rows, drawing again where the server's policy refuses it."""
    single = context.dialect.single or any(row.holds_one for row in view.rows)
    context.progress.begin(decision.version, sent=decision.action is Action.FINISH, single=single)
    for draw in range(DRAWS):
        with context.journal.step("persist"):
            version = persist(context, view, decision if draw == 0 else Decision(Action.ROTATE, ""))
        try:
            with context.journal.step("apply"):
                if decision.rows:
                    context.prove_commit()
                refuse_changed_rows(context, view)
                changes = view.changes(decision.rows, keep=version)
                apply(context, changes, version, as_hash=decision.action in PROVEN)
            return version
        except PolicyRefused:
            if decision.action in PROVEN:
                raise  # another password would end AWSCURRENT's on rows that hold this one, or not be the one asked for
            context.progress.correct(sent=False)
    with context.journal.step("apply"):
        raise RotationError(
            f"The server's password policy refused {DRAWS} new passwords ({policy_title(context.server)}).",
            code=Code.PASSWORD_POLICY,
            next_step="Choose {option|password_length} and {option|password_exclude_characters} that satisfy that"
            " policy; then run the same command again.",
        )
