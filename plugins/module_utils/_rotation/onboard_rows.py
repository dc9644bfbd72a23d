# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account rows at an onboarding: which of them the proven password opens, alone or beside another."""

from __future__ import annotations

from .._codes import Code
from .._context.journal import Journal
from .._db.connection import Session
from .._db.dialect import dialect_of
from .._db.let_in import row_let_in
from .._db.rows import AccountRow
from .._db.server import Server
from .._decision.decision import adopting, listed
from .._errors import RotationError
from .._next_step import with_options
from .._secret_value import Login

WITH_PASSWORD = "Give the account a password (not a socket login only), then run the same command again."


def proven_rows(session: Session, server: Server, login: Login, journal: Journal) -> list[dict[str, str]]:
    rows = dialect_of(server, encrypted=True, allow_plaintext=False).rows(session, login.user)
    _look_beside(rows, login, journal)
    row_let_in((row for row in rows if not row.problem), server.current_user, login.password, WITH_PASSWORD)
    return [{"row": row.name, "plugin": row.plugins, "state": _coverage(row, login)} for row in rows]


def _look_beside(rows: list[AccountRow], login: Login, journal: Journal) -> None:
    """Raise a RotationError where another password stands before the login's; warn if one is beside it."""
    opened = {row: [stored.matches(login.password) for stored in row.passwords] for row in rows}
    mixed = [row for row, hits in opened.items() if any(hits) and not all(hits)]
    over = [row.name for row in mixed if not any(stored.matches(login.password) for stored in row.primary_passwords)]
    if over:
        raise RotationError(
            f"The given password is only the second one of {listed(over)}; another stands before it.",
            code=Code.FOREIGN_PRIMARY,
            next_step="Onboard with the password that stands first, or make the given one the only one there (as an"
            " administrator: ALTER USER ..., then ALTER USER ... DISCARD OLD PASSWORD); then run the same command"
            " again.",
        )
    if mixed:
        names = listed(row.name for row in mixed)
        journal.warn(
            f"Another password is valid beside the given one on {names}. A rotation is refused until it has ended, or"
            f" until the rotation may end it: {with_options(adopting(row.name for row in mixed))}"
        )


def _coverage(row: AccountRow, login: Login) -> str:
    if row.problem:
        return f"unfit: {row.problem.text}"
    if not row.passwords:
        return "skipped"
    return "covered" if any(stored.matches(login.password) for stored in row.primary_passwords) else "foreign"
