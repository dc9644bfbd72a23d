# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 8 of the protocol: the new password is on the rows, and a login proves it."""

from __future__ import annotations

from .._aws.secret_store import SecretVersion
from .._codes import Code
from .._context.context import RotationContext
from .._context.progress import Stage
from .._db.server import refuse_other_place
from .._decision.decision import SEVERAL_SERVERS
from .._errors import LoginRefused, RotationError
from .look import View
from .rows import all_have


def verify(context: RotationContext, view: View, version: SecretVersion) -> None:
    """Raise a RotationError where the rows have not the new password, or a login with it does not lead to them."""
    with context.journal.step("verify"):
        # The rows first: a server that did nothing and said OK would cost a failed login.
        covered = view.facts.covered_names
        if not all_have(context, covered, version):
            raise RotationError("Not every account row holds the new password.", code=Code.NOT_APPLIED)
        try:
            session = context.logins.log_in_with(version)
        except LoginRefused as refused:
            refused.code, refused.next_step = Code.NEW_PASSWORD_REFUSED, SEVERAL_SERVERS
            refused.cause = f"The rows hold the new password, and the login with it was refused: {refused.cause}"
            raise
        try:
            rows = covered if context.by_administrator else {context.server.current_user}
            refuse_other_place(session, context.server, rows, context.identity.company)
        finally:
            session.close()
        context.progress.reach(Stage.VERIFIED)
