# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a rotation with a notice: end the account's other connections, if the request says so."""

from __future__ import annotations

from .._context.context import RotationContext
from .._db.sessions import end_other_sessions
from .look import View
from .record import is_untold


def end_sessions(context: RotationContext, view: View) -> None:
    """End the account's other connections once for each new password."""
    if context.request.kill_sessions and is_untold(context, view):
        with context.journal.step("end sessions"):
            context.effects.sessions_ended = end_other_sessions(context.session, context.current.value.login.user)
