# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove by a login that a version of the backup is what the server has now."""

from __future__ import annotations

from .._aws.secret_archive import SavedSecret, SavedVersion
from .._aws.secret_store import CURRENT, PENDING, PREVIOUS, SecretVersion
from .._context.context import RotationContext
from .._db.let_in import row_let_in
from .._db.rows import AccountRow
from .._decision.decision import listed
from .._errors import LoginRefused
from .._next_step import Kind, command, with_options
from .._secret_value import parse_secret
from .._steps import ownership


def prove(context: RotationContext, saved: SavedSecret, version: SavedVersion) -> None:
    """Log in once with this version, and compare every row's hash with the versions of the backup, which costs none.

    Raises RotationError where the server refuses it, is another one, or let the login in by something else.
    """
    value = parse_secret(version.text, saved.name)
    with context.journal.step("open"):
        context.versions.current = SecretVersion(version.version_id, version.created, value)
        context.logins.chosen = value.login
        try:
            context.open(to_change=False)
        except LoginRefused as refused:
            refused.next_step = _after_refusal(saved, version)
            raise
    with context.journal.step("look"):
        context.identify(saved.tags)
        ownership.refuse_other_server(context.identity, context.request.accept_server_id)
        ownership.refuse_shared_account(context.store, context.identity, context.store.sibling)
        rows = context.dialect.rows(context.session, value.login.user)
        row_let_in(rows, context.server.current_user, value.password)
        _warn_of_unknown(context, rows, saved)


def _after_refusal(saved: SavedSecret, version: SavedVersion) -> str:
    password = parse_secret(version.text).password
    # A rotation that was under way may have come through; an older password is on a server that was restored itself.
    names = [name for name in (CURRENT, PENDING, PREVIOUS) if (other := saved.find(name)) and _differs(other, password)]
    options = " or ".join(with_options({"backup.version": name}) for name in names)
    again = f"Only if the server must have it, try another version, each at the cost of a login: {options}."
    return (
        f"{again if names else 'No other version of the backup has another password.'} Otherwise the password was"
        " changed after the backup: name a newer backup in {option|backup.path}, or set a password on the server and"
        f" store it: {command(Kind.ONBOARD)}"
    )


def _differs(version: SavedVersion, password: str) -> bool:
    return parse_secret(version.text).password != password


def _warn_of_unknown(context: RotationContext, rows: list[AccountRow], saved: SavedSecret) -> None:
    passwords = [parse_secret(version.text).password for version in saved.versions]
    unknown = [
        row.name
        for row in rows
        if any(not any(stored.matches(password) for password in passwords) for stored in row.passwords)
    ]
    if unknown:
        context.journal.warn(f"On {listed(unknown)} there is a password that is in no version of the backup.")
