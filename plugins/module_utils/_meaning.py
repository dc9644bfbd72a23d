# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the result of an operation means for its client. Pure; progress, summary and audit trail all ask here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ._codes import Code
from ._results import mapping, text
from ._triggers import ON_DEMAND, ONBOARDING, ROLLBACK

BUSY = "another run is at work"
# The codes by which the role counts the failure of a task that is not one of ours.
TASK_CODES = {
    Code.HOOK_FAILED: "Repair the hook; then run the same command again.",
    Code.TASK_FAILED: "Mend what that task needs; then run the same command again.",
}
# Before these are over, nothing has been stored or changed.
HARMLESS_STEPS = ("prepare", "read", "open", "fence", "look", "decide")
# Error codes of rules by which the engine keeps its hands off; any other code is a failure.
RULES = frozenset(
    {
        Code.ACCOUNT_LIMITS,
        Code.ANONYMOUS_ACCOUNT,
        Code.CANNOT_COMMIT,
        Code.CREDENTIALS_MISSING,
        Code.DRIFT,
        Code.FENCE_BUSY,
        Code.FOREIGN_PRIMARY,
        Code.FOREIGN_SECONDARY,
        Code.GRANTS_OFF,
        Code.IMPOSSIBLE_DUE,
        Code.INVALID_EVENT,
        Code.INVALID_OPTION,
        Code.KNOWN_REFUSED,
        Code.LABEL_MOVED_BACK,
        Code.LISTING_BEHIND,
        Code.LOGIN_UNPROVEN,
        Code.NEW_PASSWORD_REFUSED,
        Code.NO_PASSWORD_ROW,
        Code.NOT_CONFIRMED,
        Code.NOTHING_COVERED,
        Code.NOTHING_TO_RECONCILE,
        Code.NOTHING_TO_RESTORE,
        Code.OTHER_CLIENT,
        Code.OTHER_PASSWORD_NEWER,
        Code.OTHER_SERVER,
        Code.OVERLAP,
        Code.PLAINTEXT_NEEDED,
        Code.PLAINTEXT_NOT_ENOUGH,
        Code.PRIVILEGE_MISSING,
        Code.READ_ONLY,
        Code.REASON_HOLDS_PASSWORD,
        Code.REPLICA,
        Code.REPLICA_LAGS,
        Code.ROTATION_DISABLED,
        Code.ROW_PROBLEM,
        Code.SECRET_DELETED,
        Code.SECRET_EXISTS,
        Code.SECRET_OWNED,
        Code.SECRET_ROTATION_ENABLED,
        Code.SEVERAL_SERVERS,
        Code.SEVERAL_WRITERS,
        Code.SHARED_ACCOUNT,
        Code.TLS_REQUIRED,
        Code.TOKEN_STALE,
        Code.UNFINISHED,
        Code.UNKNOWN_CLIENT,
        Code.UNSUPPORTED_SERVER,
        Code.VERSION_UNDECRYPTABLE,
    }
)


class End(Enum):
    """What became of a client, in the words of a summary: what was done, and what check mode would do."""

    ROTATED = ("rotated", "would rotate")
    ROLLED_BACK = ("rolled back", "would roll back")
    ONBOARDED = ("onboarded", "would onboard")
    RECONCILED = ("reconciled", "would reconcile")
    RESTORED = ("restored", "would restore")
    OFFBOARDED = ("offboarded", "would offboard")
    FINISHED = ("finished or mended", "would finish or mend")
    WAITS_FOR_HOOKS = ("waiting for hooks", "would run hooks")
    DONE = ("done", "would do")
    UNREADABLE = ("result not readable", "result not readable")
    LEFT_ALONE = ("left alone", "would leave alone")
    FAILED = ("failed", "would fail")

    def label(self, *, check: bool) -> str:
        """Return the words for a run, or for a run in check mode."""
        return self.value[check]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What became of a client, with the cause where it failed or was left alone, and what to know of that.

    ``refused`` belongs to a failure: a rule forbade the work, and nothing was changed.
    """

    end: End
    cause: str = ""
    detail: str = ""
    refused: bool = False
    check: bool = False


Result = Mapping[str, Any]
Reader = Callable[[Result], Meaning]

# What a rotation came to by the action of its receipt, where it gave no new password.
ENDS = {
    "rotate": End.ROTATED,
    "resume": End.ROTATED,
    "finish": End.ROTATED,
    "roll_back": End.ROLLED_BACK,
    "wait_for_hooks": End.WAITS_FOR_HOOKS,
    "take_over": End.FINISHED,
    "discard_old": End.FINISHED,
    "record": End.FINISHED,
    "store": End.DONE,
    "nothing": End.LEFT_ALONE,
    "busy": End.LEFT_ALONE,
}


def failure(result: Result) -> Meaning:
    """Return the meaning of a task that failed."""
    error = mapping(result, "error")
    code = text(error, "code")
    refused = code in RULES and error.get("step") in HARMLESS_STEPS
    other = "unreachable" if result.get("unreachable") else Code.TASK_FAILED
    return Meaning(End.FAILED, code or other, text(error, "next_step"), refused)


def failed_task(code: str) -> Meaning:
    """Return the meaning of a failure of a task that is not one of ours, by its code."""
    return Meaning(End.FAILED, code, TASK_CODES[code])


def of_a_rotation(result: Result) -> Meaning:
    """Return the meaning of a receipt."""
    if not text(result, "client"):
        return Meaning(End.UNREADABLE)
    end = _end_of_a_rotation(result)
    if end is End.LEFT_ALONE:
        return Meaning(end, _why_left_alone(result), text(result, "decision"))
    return Meaning(end)


def by_change(done: End, unchanged: str) -> Reader:
    """Return the reader of an operation that says by ``changed`` whether there was something to do."""

    def meaning(result: Result) -> Meaning:
        if not text(result, "client"):
            return Meaning(End.UNREADABLE)
        return Meaning(done) if result.get("changed") else Meaning(End.LEFT_ALONE, unchanged)

    return meaning


def of_a_notice(result: Result) -> Meaning:
    """Return the meaning of a notice, which never fails its task; check mode only says that it would be sent."""
    if result.get("changed"):
        return Meaning(End.DONE)
    return Meaning(End.FAILED) if result.get("delivered") is False else Meaning(End.LEFT_ALONE)


def of_a_cycle(result: Result) -> Meaning:
    """Return the meaning of a change of the cycle, by which the role also counts a failure of another task."""
    code = text(result, "code")
    return failed_task(code) if code in TASK_CODES else Meaning(End.DONE)


def of_a_verification(result: Result) -> Meaning:
    """Return the meaning of a verification."""
    return Meaning(End.FAILED) if result.get("healthy") is False else Meaning(End.DONE)


def done(_result: Result) -> Meaning:
    """Return the meaning of an operation that only can be done or fail."""
    return Meaning(End.DONE)


def is_rollback(result: Result) -> bool:
    """Return True if a rotation, or its failure, is that of bringing the previous password back."""
    return result.get("trigger") == ROLLBACK


def _end_of_a_rotation(receipt: Result) -> End:
    if receipt.get("waits_for_hooks"):
        return End.WAITS_FOR_HOOKS
    end = End.ROTATED if receipt.get("rotated") else ENDS.get(text(receipt, "action"), End.UNREADABLE)
    return End.ROLLED_BACK if end is End.ROTATED and is_rollback(receipt) else end


def _why_left_alone(receipt: Result) -> str:
    """Return why nothing was done, in words that many clients share."""
    if receipt.get("action") == "busy":
        return BUSY
    if "overlap" in text(receipt, "decision"):
        return "overlap not over"
    if "replica regions" in text(receipt, "decision"):
        return "a replica region lags"
    causes = {ON_DEMAND: "rotated lately", ONBOARDING: "rotated lately", ROLLBACK: "rolled back already"}
    return causes.get(text(receipt, "trigger"), "not due")
