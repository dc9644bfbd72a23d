# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision: from facts to the one safe thing to do. Pure, so that it can be explored exhaustively.

The order of the questions is the protocol's: refuse, finish what is on the server, settle what was promoted,
go on with what was only stored, and only then begin something new.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ansible_collections.dbops.rotation.plugins.module_utils._rotation.facts import (
    SCHEDULED,
    UNATTENDED,
    Facts,
    RowFacts,
)

DRIFT = "drift"


class Action(StrEnum):
    """What to do next."""

    ROTATE = "rotate"
    RESUME = "resume"
    FINISH = "finish"
    SETTLE = "settle"
    RECORD = "record"
    NOTHING = "nothing"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Decision:
    """What to do, why, and on which rows.

    ``version`` is the version to resume or finish; ``remint`` says that its password goes into a new version with
    AWSCURRENT's other keys. ``code`` and ``next_step`` belong to a refusal.
    """

    action: Action
    reason: str
    version: str | None = None
    rows: tuple[str, ...] = ()
    remint: bool = False
    code: str = ""
    next_step: str = ""


def decide(facts: Facts) -> Decision:
    """Give the one safe thing to do."""
    return _refuse(facts) or _finish(facts) or _settle(facts) or _resume(facts) or _begin(facts)


def leads_on(decision: Decision, trigger: str) -> bool:
    """Tell whether another decision follows: a run that a person asked for settles what was left, then rotates."""
    return decision.action is Action.SETTLE and trigger not in UNATTENDED


def predicted(decision: Decision, trigger: str) -> Decision:
    """Give what a run that starts with this decision comes to."""
    if not leads_on(decision, trigger):
        return decision
    return replace(decision, action=Action.ROTATE, version=None, reason=f"{decision.reason} It is ended first.")


def _refuse(facts: Facts) -> Decision | None:
    if not facts.rows:
        return _refusal(
            "no_password_row", "No row of the account has a password method.", "Give the account a password first."
        )
    login = next((row for row in facts.rows if row.login), None)
    if login is None or not login.covered:
        return _drift("The password that opened the server is not the one of the account row that it opened.")
    moved_back = [row.name for row in facts.covered if _moved_back(row, facts)]
    if moved_back:
        return _refusal(
            "label_moved_back",
            f"AWSCURRENT is the older of the two passwords on {_list(moved_back)}: somebody moved the label back.",
            "Move AWSCURRENT to the newer version again (aws secretsmanager update-secret-version-stage),"
            " then rotate anew.",
        )
    foreign = [row.name for row in facts.covered if row.secondary is not None and not row.secondary and not row.adopted]
    if foreign:
        return _refusal(
            "foreign_secondary",
            f"A second password that no version of the secret knows is valid on {_list(foreign)};"
            " a rotation would end it.",
            f"End its use and discard it, or name the row in rotation_adopt_rows ({foreign[0]}) to let the rotation"
            " end it.",
        )
    return None


def _finish(facts: Facts) -> Decision | None:
    version = _begun(facts)
    stranded = [row.name for row in facts.covered if _over_current(row, facts) and version not in row.primary]
    if stranded:
        return _refusal(
            "other_password_newer",
            f"On {_list(stranded)} AWSCURRENT's password is the older of two, and the newer is not the one that the"
            " rotation would finish; a change would end AWSCURRENT's there.",
            "Set AWSCURRENT's password on that row again, or store the newer one in the secret (aws secretsmanager"
            " put-secret-value); then run the same command again.",
        )
    if version is None:
        return None if _current_opens(facts) else _drift("AWSCURRENT's password opens none of the account rows.")
    if not _current_opens(facts) and not _superseded(facts):
        return _drift("AWSCURRENT was changed during the rotation to a password that opens none of the rows.")
    behind = tuple(row.name for row in facts.covered if version not in row.primary)
    pending = facts.pending
    is_pending = pending is not None and pending.version == version
    return Decision(
        Action.FINISH,
        f"An earlier run had set the new password on {len(facts.covered) - len(behind)} of {len(facts.covered)}"
        " rows and not finished.",
        version,
        behind,
        remint=not (is_pending and pending is not None and pending.same_keys),
    )


def _settle(facts: Facts) -> Decision | None:
    old = tuple(row.name for row in facts.covered if facts.current in row.primary and row.ends_secondary)
    if not old:
        return None
    return Decision(Action.SETTLE, "The password was changed, but the old one is still valid.", facts.current, old)


def _resume(facts: Facts) -> Decision | None:
    pending = facts.pending
    if pending is None or facts.was_current(pending.version):
        return None
    rows = tuple(row.name for row in facts.covered)
    if pending.reusable:
        return Decision(
            Action.RESUME, "An earlier run had stored a new password and not sent it.", pending.version, rows
        )
    return Decision(
        Action.ROTATE, "AWSPENDING holds a version that cannot be trusted; a new one is made instead.", rows=rows
    )


def _begin(facts: Facts) -> Decision:
    rows = tuple(row.name for row in facts.covered)
    if facts.trigger not in UNATTENDED:
        return Decision(Action.ROTATE, "A new password was asked for.", rows=rows)
    if facts.trigger == SCHEDULED and facts.due:
        return Decision(Action.ROTATE, "The password is due.", rows=rows)
    if any(facts.current not in row.primary for row in facts.covered):
        return Decision(
            Action.ROTATE, "Not every row has AWSCURRENT's password, so all of them are given a new one.", rows=rows
        )
    if facts.recorded != facts.current or facts.mended:
        return Decision(Action.RECORD, "Everything is done but the tags that say so.", facts.current)
    return Decision(Action.NOTHING, "The password is not due and nothing is unfinished.")


def _begun(facts: Facts) -> str | None:
    """Give the version that a rotation has put on rows without promoting it."""
    pending = facts.pending
    if pending and not facts.was_current(pending.version) and any(pending.version in row.primary for row in facts.rows):
        return pending.version
    # The label was taken from it meanwhile; that it is primary over AWSCURRENT proves that it came later.
    return min((version for row in facts.covered if _over_current(row, facts) for version in row.primary), default=None)


def _moved_back(row: RowFacts, facts: Facts) -> bool:
    return _over_current(row, facts) and any(facts.was_current(version) for version in row.primary)


def _over_current(row: RowFacts, facts: Facts) -> bool:
    """Tell whether AWSCURRENT's password is only the second one, so that changing the row would end it."""
    return facts.current not in row.primary and facts.current in (row.secondary or ())


def _current_opens(facts: Facts) -> bool:
    return any(row.opened_by(facts.current) for row in facts.covered)


def _superseded(facts: Facts) -> bool:
    """Tell whether the pending version replaced AWSCURRENT on rows that can hold one password only."""
    pending = facts.pending
    single = all(row.secondary is None for row in facts.covered)
    return bool(pending and pending.same_keys and pending.newer and single)


def _drift(what: str) -> Decision:
    return _refusal(
        DRIFT,
        f"{what} Somebody changed the password by hand, or the secret.",
        "Store the password that is true in the secret (aws secretsmanager put-secret-value), then run the same"
        " command again.",
    )


def _refusal(code: str, reason: str, next_step: str) -> Decision:
    return Decision(Action.REFUSE, reason, code=code, next_step=next_step)


def _list(names: list[str]) -> str:
    return ", ".join(names)
