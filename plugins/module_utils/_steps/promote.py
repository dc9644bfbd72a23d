# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 9 of the protocol: AWSCURRENT moves, and only from where it was read."""

from __future__ import annotations

from .._aws.secret_store import CURRENT, SecretVersion
from .._codes import Code
from .._context.context import RotationContext
from .._context.progress import Stage
from .._errors import RotationError, SwapLost


def promote(context: RotationContext, version: SecretVersion) -> None:
    """Move AWSCURRENT to a version whose password is proven; SwapLost where somebody else moved it meanwhile."""
    with context.journal.step("promote"):
        context.deadline.check()
        context.fence.confirm()
        try:
            context.store.promote(version.version_id, context.current.version_id)
        except RotationError as error:
            # After a lost answer the library sends the request again; AWS answers that the label is not there any more.
            if not _is_promoted(context, version, error):
                raise
        context.progress.reach(Stage.PROMOTED)
        context.versions.current = version


def _is_promoted(context: RotationContext, version: SecretVersion, failure: RotationError) -> bool:
    """Return True if a promotion that failed took place; if that cannot be read, raise an error with both causes."""
    try:
        return context.store.describe().holder(CURRENT) == version.version_id
    except RotationError as error:
        raise RotationError(
            f"{failure.cause} Whether it happened could not be read: {error.cause}",
            code=failure.code,
            next_step=error.next_step,
            state=f"The new password, in version {version.version_id}, opens the server; whether it is AWSCURRENT"
            " already could not be read.",
        ) from None


def refuse_moved_label(context: RotationContext) -> None:
    """Raise SwapLost where AWSCURRENT is another version than a moment ago: its password may be the one to end."""
    if not context.progress.promoted and context.is_label_moved():
        raise SwapLost("Somebody moved AWSCURRENT while the rotation was at work.", code=Code.CHANGED_MEANWHILE)
