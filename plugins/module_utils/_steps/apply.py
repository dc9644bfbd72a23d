# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 7 of the protocol: set the new password on the rows, and look where the server's answer proves nothing."""

from __future__ import annotations

from .._aws.secret_store import SecretVersion
from .._context.context import RotationContext
from .._context.progress import Stage
from .._db.rows import Change
from .._errors import ConnectionLost, PolicyRefused, RotationError
from .rows import having, read_rows


def apply(context: RotationContext, changes: list[Change], version: SecretVersion, *, as_hash: bool) -> None:
    """Set a version's password on the rows; a statement that failed and took effect all the same is no failure."""
    context.deadline.check()
    if not changes:
        return
    context.progress.reach(Stage.SENT)
    try:
        context.dialect.apply(context.session, changes, version.value.password, as_hash=as_hash)
    except (ConnectionLost, PolicyRefused):
        raise
    except RotationError:
        names = _rows_with(context, version)
        if not {change.row.name for change in changes} <= names:
            raise
        if context.dialect.repeatable:
            # MariaDB may fail a statement that it applied but did not log; sent again it reaches its replicas.
            context.dialect.apply(context.session, changes, version.value.password, as_hash=as_hash)


def _rows_with(context: RotationContext, version: SecretVersion) -> set[str]:
    """Return the rows that have a password whose statement failed; none, and it counts as sent, where nobody can say.

    MySQL answers every statement with "reset your password" after one that named a plugin it does not have (measured).
    """
    try:
        names = {row.name for row in having(context, read_rows(context), version)}
    except RotationError:
        return set()  # the caller raises the first error
    context.progress.correct(sent=bool(names))
    return names
