# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a decision is, and the refusals among them; pure, like the decision itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .._codes import Code
from .._errors import RotationError
from .._next_step import Kind, command

RECONCILE = command(Kind.RECONCILE)
ROLL_BACK = command(Kind.ROLL_BACK)

# Rows are compared by their hashes and logins are made anew, so only what stands between can make them disagree.
SEVERAL_SERVERS = (
    "Look for several servers behind this address (a load balancer, a DNS name with several addresses), or for a proxy"
    " that keeps passwords (ProxySQL, MaxScale). Point the secret's host at the one server that is written to; then:"
    f" {command(Kind.ROTATE)}"
)


class Action(StrEnum):
    """What to do next."""

    STORE = "store"
    ROTATE = "rotate"
    RESUME = "resume"
    FINISH = "finish"
    ROLL_BACK = "roll_back"
    TAKE_OVER = "take_over"
    WAIT_FOR_HOOKS = "wait_for_hooks"
    DISCARD_OLD = "discard_old"
    RECORD = "record"
    NOTHING = "nothing"
    REFUSE = "refuse"


INTRODUCING = (Action.ROTATE, Action.RESUME, Action.FINISH, Action.ROLL_BACK)
# They put a password on the server that no row has yet; whatever finishes what was begun waits for nobody.
BEGINNING = (Action.STORE, Action.ROTATE, Action.RESUME, Action.ROLL_BACK)
# Their password has been on this server before, so the server's policy has no say in it any more.
PROVEN = (Action.FINISH, Action.ROLL_BACK)


@dataclass(frozen=True)
class Decision:
    """What to do, why, and on which rows.

    ``version`` is the version to resume, finish or go back to; ``as_new_version`` says that its password goes into a
    new version with AWSCURRENT's other keys. ``code`` and ``next_step`` belong to a refusal.
    """

    action: Action
    reason: str
    version: str | None = None
    rows: tuple[str, ...] = ()
    as_new_version: bool = False
    code: str = ""
    next_step: str = ""

    def error(self) -> RotationError:
        """Return what a run raises that must not go on."""
        return RotationError(self.reason, code=self.code, next_step=self.next_step)


def refusal(code: str, reason: str, next_step: str) -> Decision:
    """Return the decision to do nothing, with its remedy."""
    return Decision(Action.REFUSE, reason, code=code, next_step=next_step)


def drift(what: str) -> Decision:
    """Refuse because secret and server have parted."""
    return refusal(
        Code.DRIFT,
        f"{what} Somebody changed the password by hand, or the secret.",
        f"Bring them together with the password that works now: {RECONCILE}",
    )


def kept_for(regions: Iterable[str]) -> str:
    """Return why an old password stays valid that would otherwise have ended."""
    return f"The old password stays valid, because replica regions may still give it out: {listed(regions)}."


def adopting(names: Iterable[str]) -> dict[str, str | list[str]]:
    """Return the option that names rows to adopt."""
    return {"adopt_rows": list(names)}


def listed(names: Iterable[str]) -> str:
    """Write names one after the other."""
    return ", ".join(names)
