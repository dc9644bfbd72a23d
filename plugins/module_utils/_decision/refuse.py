# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states in which no change is safe, whoever asks. Pure, as a part of the decision."""

from __future__ import annotations

from collections.abc import Iterable

from .._codes import Code
from .._next_step import Kind, command
from .._triggers import ROLLBACK
from .decision import RECONCILE, ROLL_BACK, SEVERAL_SERVERS, Decision, adopting, drift, listed, refusal
from .facts import Facts, RowFacts


def refuse(facts: Facts) -> Decision | None:
    """Return the refusal that the facts ask for, if any."""
    checks = (_token_stale, _no_row, _undecryptable, _shared, _not_ours, _moved_back, _stranded, _refused_before)
    return next((refusal for check in checks if (refusal := check(facts))), None)


def token_stale(token: str) -> Decision:
    """Refuse a rotation of Secrets Manager whose version another run, or a person, has put aside."""
    return refusal(
        Code.TOKEN_STALE,
        f"The version {token}, which Secrets Manager reserved for this rotation, is neither AWSCURRENT nor AWSPENDING"
        " any more: another run took over, or a person edited the secret.",
        f"Nothing, where the password was rotated since; else begin a new rotation: {command(Kind.ROTATE)}",
    )


def beside_foreign(rows: Iterable[RowFacts]) -> Decision | None:
    """Refuse rows that a password of the secret opens beside one that no version knows.

    Whatever is done there would end one of the two, or leave one behind that still opens.
    """
    mixed = [row for row in rows if row.has_unknown and (row.primary or row.secondary)]
    over, beside = ([row.name for row in mixed if row.only_second is second] for second in (True, False))
    if over:
        return refusal(
            Code.FOREIGN_PRIMARY,
            f"A password that no version of the secret knows stands before one of this secret on {listed(over)}: both"
            " open, and a rotation would leave that row behind.",
            f"Find out who set it. To keep it, bring it into the secret: {RECONCILE}. To let the rotation end it:"
            f" {command(Kind.SAME, adopting(over))}",
        )
    if beside:
        return refusal(
            Code.FOREIGN_SECONDARY,
            f"A second password that no version of the secret knows is valid on {listed(beside)};"
            " a rotation would end it, or leave it valid.",
            f"End its use and discard it; or let the rotation end it: {command(Kind.SAME, adopting(beside))}",
        )
    return None


def taken_over(facts: Facts) -> tuple[str, ...]:
    """Return the adopted rows on which AWSCURRENT's password is the second one, behind one that no version knows."""
    return tuple(row.name for row in facts.covered if row.only_second and facts.is_over_current(row))


def _token_stale(facts: Facts) -> Decision | None:
    if facts.token in (None, facts.current, facts.pending and facts.pending.version):
        return None
    return token_stale(str(facts.token))


def _no_row(facts: Facts) -> Decision | None:
    if facts.rows:
        return None
    return refusal(
        Code.NO_PASSWORD_ROW, "No row of the account has a password method.", "Give the account a password first."
    )


def _undecryptable(facts: Facts) -> Decision | None:
    hidden = facts.pending is not None and facts.pending.version in facts.undecryptable
    unknown = [row.name for row in facts.rows if row.has_unknown and (hidden or row.opened_by(facts.current))]
    if not (facts.undecryptable and unknown):
        return None
    return refusal(
        Code.VERSION_UNDECRYPTABLE,
        f"The password on {listed(unknown)} may be that of version {listed(facts.undecryptable)}, whose KMS key may not"
        " be used, so what an earlier run did cannot be known.",
        "Allow this identity kms:Decrypt on that key, then run the same command again. If the key is gone for good,"
        " bring secret and server together with the password that works now, or an administrator's secret:"
        f" {RECONCILE}",
    )


def _not_ours(facts: Facts) -> Decision | None:
    if facts.by_administrator and not facts.covered:
        return refusal(
            Code.NOTHING_COVERED,
            "No version of the secret holds the password of any row of the account.",
            "Name the rows that are to carry this secret's password:"
            f" {command(Kind.SAME, adopting(row.name for row in facts.rows))}",
        )
    login = next((row for row in facts.rows if row.login), None)
    if not facts.by_administrator and (login is None or not login.covered):
        return drift("The password that opened the server is not the one of the account row that it opened.")
    return None


def _moved_back(facts: Facts) -> Decision | None:
    behind = [row.name for row in facts.covered if facts.shows_label_moved_back(row)]
    if not behind or facts.trigger == ROLLBACK:
        return None
    return refusal(
        Code.LABEL_MOVED_BACK,
        f"AWSCURRENT is the older of the two passwords on {listed(behind)}: somebody moved the label back.",
        f"To go back to the older password: {ROLL_BACK}. To keep the newer one:"
        f" {command(Kind.RECONCILE, {'reconcile.version': 'AWSPREVIOUS'})}",
    )


def _shared(facts: Facts) -> Decision | None:
    return beside_foreign(facts.rows)


def _stranded(facts: Facts) -> Decision | None:
    version = facts.begun
    exempt = taken_over(facts)
    over = [row for row in facts.covered if facts.is_over_current(row) and row.name not in exempt]
    rows = [row.name for row in over if version not in row.primary]
    if not rows or (facts.trigger == ROLLBACK and facts.label_moved_back):
        return None
    return refusal(
        Code.OTHER_PASSWORD_NEWER,
        f"On {listed(rows)} AWSCURRENT's password is the older of two, and the newer is not the one that the rotation"
        " would finish; a change would end AWSCURRENT's there.",
        f"Store the newer one in the secret ({RECONCILE}), or set AWSCURRENT's password on that row again and run the"
        " same command again.",
    )


def _refused_before(facts: Facts) -> Decision | None:
    """Let nothing that comes again try a new password that the server has refused; a person may do it."""
    pending = facts.pending
    if pending is None or not facts.stored or not facts.comes_again or pending.version not in facts.refused:
        return None
    return refusal(
        Code.NEW_PASSWORD_REFUSED,
        f"A login with the new password (AWSPENDING, version {pending.version}) was refused at an earlier run, although"
        " the rows held it; it is not tried again, because failed logins may lock the account.",
        SEVERAL_SERVERS,
    )
