# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a login was let in by the password that was sent, and not by something else."""

from __future__ import annotations

from collections.abc import Iterable

from .._codes import Code
from .._errors import RotationError
from .rows import AccountRow

OVER_TCP = "Connect over TCP instead of a socket that lets the account in without a password."


def row_let_in(rows: Iterable[AccountRow], current_user: str, password: str, next_step: str = OVER_TCP) -> AccountRow:
    """Return the row that let the login in; RotationError (login_unproven) where the password does not open it."""
    login = next((row for row in rows if row.name == current_user), None)
    if login is None or not any(stored.matches(password) for stored in login.passwords):
        raise RotationError(
            f"The login was let in as {current_user}, but not by that row's password.",
            code=Code.LOGIN_UNPROVEN,
            next_step=next_step,
        )
    return login
