# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue: everything that goes wrong in the matrix, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import deeds, process_deeds
from .disturbances import (
    DENIED,
    STALE_SECONDS,
    THROTTLED,
    At,
    CutBefore,
    Deed,
    Down,
    HoldAfter,
    HoldBefore,
    Late,
    Refused,
    ReplyLost,
    Slow,
    aws_error,
)
from .process_deeds import ProcessDeed
from .steps import AWS, DB, Step

if TYPE_CHECKING:
    from .cases import Case

Disturb = Callable[["Case", int], At]


@dataclass(frozen=True)
class Fault:
    """One kind of trouble.

    `at` says at which steps it can happen, `disturb` what the proxies do, `process` what is done to the run's processes
    when every client waits at its step. `persists` keeps it in force in the run after. `human` marks what a person does
    to the secret meanwhile; `breaks` what a run may refuse to go on with until a person has put it right, and
    `breaks_single` the same only where a row can hold one password.
    """

    name: str
    title: str
    disturb: Disturb
    at: Callable[[Step], bool] = lambda _step: True
    process: ProcessDeed | None = None
    persists: bool = False
    human: bool = False
    breaks: bool = False
    breaks_single: bool = False

    @property
    def reads_late(self) -> bool:
        """Whether the state before the last write has to be remembered."""
        return self.at is reads

    @property
    def needs_an_answer(self) -> bool:
        """Whether the run has to wait for one: the fault befalls it, or a person acts while the run stands still."""
        return self.human or self.disturb in (HoldAfter, ReplyLost)


def on(service: str) -> Callable[[Step], bool]:
    """Steps of one service."""
    return lambda step: step.service == service


def reads(step: Step) -> bool:
    """Steps that ask AWS for the state."""
    return step.reads


def refusing(code: str, text: str = "", *, times: int = 1_000_000, only: str = "") -> Disturb:
    """AWS answers with an error."""
    return lambda case, step: Refused(case, step, aws_error(code, text), times=times, only=only)


def done(deed: Callable[[Case], None], undo: Callable[[Case], None] | None = None) -> Disturb:
    """Somebody does something."""
    return lambda case, step: Deed(case, step, deed, undo)


PROCESS = (
    Fault("kill-before", "controller and workers killed before it", HoldBefore, process=process_deeds.kill_all),
    Fault("kill-after", "controller and workers killed after it", HoldAfter, process=process_deeds.kill_all),
    Fault("orphan", "controller alone killed, its workers go on", HoldAfter, process=process_deeds.kill_controller),
    Fault("kill-worker", "workers killed, the controller lives", HoldAfter, process=process_deeds.kill_workers),
    Fault("kill-helper", "helpers killed, the workers live", HoldAfter, process=process_deeds.kill_helpers),
    Fault("timeout", "Ansible's own task timeout", HoldAfter, process=process_deeds.time_out),
    Fault("ctrl-c", "Ctrl-C", HoldAfter, process=process_deeds.interrupt),
    Fault("term-kill", "SIGTERM, SIGKILL a second later", HoldAfter, process=process_deeds.terminate_then_kill),
    Fault("freeze", "frozen past the server's time-outs", HoldAfter, process=process_deeds.freeze),
    Fault(
        "overtaken", "frozen, overtaken by another run, thawed", HoldBefore, process=process_deeds.freeze_and_overtake
    ),
)
CONNECTION = (
    Fault("cut", "connection cut before it", CutBefore),
    Fault("lose-reply", "done, reply lost", ReplyLost),
    Fault("down", "service down from there on", Down),
    Fault("throttle", "AWS throttles twice", refusing(THROTTLED, times=2), on(AWS)),
    Fault("throttle-on", "AWS throttles from there on", refusing(THROTTLED), on(AWS)),
    Fault("slow", "database slow from there on", Slow, on(DB)),
    Fault("deny", "AWS denies that operation", refusing(DENIED, only="same"), on(AWS)),
    Fault("revoke", "privileges revoked", done(deeds.revoke, deeds.grant), on(DB)),
    Fault(
        "revoke-kill", "privileges revoked, sessions ended", done(deeds.revoke_and_end_sessions, deeds.grant), on(DB)
    ),
    Fault("stale", "one read answered one state late", Late, reads),
    Fault(
        "stale-on",
        "reads one state late for a while",
        lambda case, step: Late(case, step, STALE_SECONDS),
        reads,
    ),
)
KEY_GONE = refusing(DENIED, "Access to KMS is not allowed", only="GetSecretValue")
TAGS_DENIED = refusing(DENIED, only="TagResource")
HUMAN = (
    Fault("add-key", "a person adds a key to the secret", done(deeds.add_key), human=True, breaks_single=True),
    Fault(
        "wrong-password", "a person stores a wrong password", done(deeds.store_wrong_password), human=True, breaks=True
    ),
    Fault("move-back", "a person moves AWSCURRENT back", done(deeds.move_label_back), human=True, breaks=True),
    Fault("no-pending", "a person removes AWSPENDING", done(deeds.remove_pending), human=True, breaks_single=True),
    Fault("key-gone", "the key may no longer decrypt", KEY_GONE, on(AWS)),
    Fault("no-tags", "TagResource denied for good", TAGS_DENIED, on(AWS), persists=True),
)
FAULTS = {fault.name: fault for fault in (*PROCESS, *CONNECTION, *HUMAN)}
WHOLE = ("fresh", "native")
# On the other paths, whose steps are mostly those of a fresh rotation, ways to die that look alike from outside are
# tried once.
FEWER = tuple(
    name for name in FAULTS if name not in ("kill-before", "kill-worker", "ctrl-c", "term-kill", "slow", "revoke")
)
# Rows that hold one password: what happens between the change and the move of the label.
FEW = ("kill-after", "timeout", "cut", "lose-reply", "down", "deny", "wrong-password", "no-tags")


def worth_trying(path: str, holds_two: bool) -> tuple[str, ...]:
    """The faults that a path is tried with."""
    one, two = (FEW, tuple(FAULTS)) if path in WHOLE else ((), FEWER)
    names = two if holds_two else one
    # A function is not a task of Ansible: it has no helper, and is killed when its time is over.
    return tuple(name for name in names if not (path == "native" and name in ("timeout", "kill-helper")))
