# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one task's result means for its client, in words for people who watch a run. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._results import (
    CYCLE_INFO,
    IDLE_ACTIONS,
    NOTICE,
    ONBOARD,
    RECONCILE,
    ROTATE,
    is_rollback,
    mapping,
    text,
)

WORK = (ROTATE, ONBOARD, RECONCILE)
COUNTED = (*WORK, CYCLE_INFO, NOTICE)

BUSY = "another run is at work"


class Kind(StrEnum):
    """What became of a client."""

    ROTATED = "rotated"
    ROLLED_BACK = "rolled back"
    ONBOARDED = "onboarded"
    RECONCILED = "reconciled"
    FINISHED = "finished"
    WAITS_FOR_HOOKS = "waits_for_hooks"
    LEFT_ALONE = "left alone"
    UNREADABLE = "unreadable"
    FAILED = "failed"


KINDS = {
    "rotate": Kind.ROTATED,
    "resume": Kind.ROTATED,
    "finish": Kind.ROTATED,
    "roll_back": Kind.ROLLED_BACK,
    "wait_for_hooks": Kind.WAITS_FOR_HOOKS,
    "take_over": Kind.FINISHED,
    "discard_old": Kind.FINISHED,
    "record": Kind.FINISHED,
    **dict.fromkeys(IDLE_ACTIONS, Kind.LEFT_ALONE),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a client, with the cause where it failed or was left alone, and what to know of that."""

    kind: Kind
    cause: str = ""
    detail: str = ""
    check: bool = False


def failure(result: Mapping[str, Any], *, check: bool = False) -> Outcome:
    """Return the outcome of a task that failed."""
    error = mapping(result, "error")
    other = "unreachable" if result.get("unreachable") else "no code given"
    return Outcome(Kind.FAILED, text(error, "code") or other, text(error, "next_step"), check)


def outcome(module: str, result: Mapping[str, Any], *, check: bool = False) -> Outcome:
    """Return the outcome of a task of ours that did not fail."""
    if not text(result, "client"):
        return Outcome(Kind.UNREADABLE, check=check)
    if module == ROTATE:
        kind = _kind_of_rotation(result)
        left = (_why_left_alone(result), text(result, "decision")) if kind is Kind.LEFT_ALONE else ("", "")
        return Outcome(kind, *left, check=check)
    done, unchanged = {
        ONBOARD: (Kind.ONBOARDED, "under management already"),
        RECONCILE: (Kind.RECONCILED, "nothing to mend"),
    }[module]
    return Outcome(done, check=check) if result.get("changed") else Outcome(Kind.LEFT_ALONE, unchanged, check=check)


def passed_over(state: Mapping[str, Any], *, check: bool = False) -> Outcome | None:
    """Return the outcome of a client whose cycle says that a scheduled run does not touch it."""
    if state.get("candidate") is not False:
        return None
    causes = {"paused": state.get("paused"), "waiting for a window": state.get("waiting")}
    cause = next((name for name, holds in causes.items() if holds), "not due")
    return Outcome(Kind.LEFT_ALONE, cause, check=check)


def _kind_of_rotation(receipt: Mapping[str, Any]) -> Kind:
    if receipt.get("waits_for_hooks"):
        return Kind.WAITS_FOR_HOOKS
    if receipt.get("rotated"):
        return Kind.ROLLED_BACK if is_rollback(receipt) else Kind.ROTATED
    return KINDS.get(text(receipt, "action"), Kind.UNREADABLE)


def _why_left_alone(receipt: Mapping[str, Any]) -> str:
    """Name why nothing was done, in words that many clients share."""
    if receipt.get("action") == "busy":
        return BUSY
    if "overlap" in text(receipt, "decision"):
        return "overlap not over"
    if "replica regions" in text(receipt, "decision"):
        return "a replica region lags"
    causes = {"on_demand": "rotated lately", "onboarding": "rotated lately", "rollback": "rolled back already"}
    return causes.get(text(receipt, "trigger"), "not due")
