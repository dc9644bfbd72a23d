# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 8 of the protocol: the new password is on the rows, and a login proves it."""

from __future__ import annotations

from collections.abc import Collection

from .._aws.secret_store import SecretVersion
from .._codes import Code
from .._context.context import RotationContext
from .._context.progress import Stage
from .._db.rows import AccountRow
from .._db.server import refuse_other_place
from .._decision.decision import SEVERAL_SERVERS
from .._errors import LoginRefused, RotationError
from .look import View
from .rows import all_have, read_rows


def verify(context: RotationContext, view: View, version: SecretVersion) -> None:
    """Raise a RotationError where the rows have not the new password, or a login with it does not lead to them."""
    with context.journal.step("verify"):
        # The rows first: a server that did nothing and said OK would cost a failed login.
        covered, rows = view.facts.covered_names, read_rows(context)
        by_login = {row.name: row for row in rows if _shown_by_login(context, view, row, version)}
        _refuse_without(context, rows, covered - by_login.keys(), version)
        try:
            session = context.logins.log_in_with(version)
        except LoginRefused as refused:
            _refuse_without(context, rows, covered, version)
            refused.code, refused.next_step = Code.NEW_PASSWORD_REFUSED, SEVERAL_SERVERS
            refused.cause = f"The rows hold the new password, and the login with it was refused: {refused.cause}"
            raise
        try:
            names = covered if context.by_administrator else {context.server.current_user}
            refuse_other_place(session, context.server, names, context.identity.company)
        finally:
            session.close()
        for row in by_login.values():
            context.versions.prove(row.primary_passwords[0], version)
        context.progress.reach(Stage.VERIFIED)


def _shown_by_login(context: RotationContext, view: View, row: AccountRow, version: SecretVersion) -> bool:
    """Return True if a login will show that a row has the new password, which spares a hash of 5 ms or more.

    It is the row that the account itself comes in by, it has another password than before, and beside that none but
    the one from before, which was not the new one. So the server did something, and what opens it is no older password.
    """
    if context.by_administrator or row.name != context.server.current_user:
        return False
    before = {stored for known in view.rows if known.name == row.name for stored in known.passwords}
    if len(row.methods) != 1 or not row.primary_passwords or row.primary_passwords[0] in before:
        return False
    if any(version.version_id in view.versions_by_hash[stored] for stored in before):
        return False
    return row.retained is None or row.retained in before


def _refuse_without(
    context: RotationContext, rows: list[AccountRow], names: Collection[str], version: SecretVersion
) -> None:
    if not all_have(context, rows, names, version):
        raise RotationError("Not every account row holds the new password.", code=Code.NOT_APPLIED) from None
