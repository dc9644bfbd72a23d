# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol again and again, until the request is fulfilled; whatever was lost on the way is looked at anew."""

from __future__ import annotations

from .._codes import Code
from .._context.context import RotationContext
from .._decision.decision import Decision
from .._errors import ConnectionLost, RotationError, RowsChanged, SwapLost
from .._steps.look import View
from .protocol import follow

MOST_LOOKS = 4


def until_done(context: RotationContext) -> tuple[View, Decision]:
    """Return what was seen and decided last; raises RotationError where secret or server do not stand still."""
    for look_number in range(1, MOST_LOOKS + 1):
        last = look_number == MOST_LOOKS
        try:
            done = follow(context)
            if done:
                return done
        except ConnectionLost as lost:
            if last:
                raise
            _reopen(context, lost)
        except RowsChanged:
            continue
        except SwapLost:
            context.progress.lose_label()
            if last:
                raise
        except RotationError as error:
            if last or not context.is_displaced(error):
                raise
            context.reopen()
    with context.journal.step("decide"):
        raise RotationError(
            f"After {MOST_LOOKS} looks there is still something to do: the secret or the server keeps changing.",
            code=Code.UNSETTLED,
        )


def _reopen(context: RotationContext, lost: ConnectionLost) -> None:
    """Open the server again; if that fails too, raise the first error, with its own step, and this one behind it."""
    try:
        context.reopen()
    except RotationError as error:
        lost.cause += f" It could not be opened again: {error.cause}"
        raise lost from None
