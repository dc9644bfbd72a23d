# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows a disturbed run: one undisturbed run, after which all has to be settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError

from . import deeds
from .cases import SILENT, UNSETTLED, Case
from .evidence import is_told, judge_told
from .judge import judge_moment, judge_settled
from .reserved import follow
from .rows import Rows, rows_of
from .steps import Undisturbed
from .stopping import pause

if TYPE_CHECKING:
    from .batch import Batch

PLAYBOOK = "rotate.yml"
# For fewer clients it is not worth it to start Ansible.
WORTH_A_RUN = 6
ON_DEMAND, RECOVERY, TOKEN_STALE = "on_demand", "recovery", "token_stale"


def settle(batch: Batch) -> None:
    """Run once more, and judge; where a fault persists, once before with it and once without."""
    persisting = [case for case in batch.cases if case.fault and case.fault.persists]
    if persisting:
        _run_while_it_persists(batch, persisting)
    for case in batch.cases:
        case.course.begin(Undisturbed())
    before = batch.refused()
    late = [case for case in batch.cases if is_late(case)]
    batch.each(_rerun_early, late)
    played = by_playbook(batch.cases)
    others = [case for case in batch.cases if case not in played and case not in late]
    batch.each(lambda case: _rerun(case, RECOVERY if case.step % 2 else ON_DEMAND), others)
    if played:
        _play_again(batch, played)
    # Where Secrets Manager calls again after a run of the engine, each of the two may be refused once.
    for runs in (1, 2):
        batch.judge_guesses([case for case in batch.cases if (runs == 2) == bool(case.reserved)], before, runs)
    before = batch.refused()
    if late:
        _recover_late(batch, late)
    batch.judge_guesses(batch.cases, before)
    before = batch.refused()
    batch.each(_put_right, [case for case in batch.cases if case.refusal])
    batch.judge_guesses(batch.cases, before)
    batch.each(judge_settled)


def is_late(case: Case) -> bool:
    """Whether one run may leave an old password, for an overlap or a replica region that lags."""
    return bool(case.path.overlap or case.region)


def by_playbook(cases: Sequence[Case]) -> list[Case]:
    """Every fourth case is settled by a playbook; the others by the engine alone, which takes half the time."""
    chosen = [case for case in cases if case.step % 4 == 0 and not is_late(case)]
    return chosen if len(chosen) >= WORTH_A_RUN else []


def _run_while_it_persists(batch: Batch, cases: Sequence[Case]) -> None:
    for case in cases:
        assert case.fault
        case.course.begin(case.fault.disturb(case, 1))
    before = batch.refused()
    done = batch.play(PLAYBOOK, cases, "persisting")
    batch.judge_guesses(cases, before)
    batch.each(lambda case: judge_told(case, done, survived=True), cases)
    batch.each(_judge_moment, cases)


def _play_again(batch: Batch, cases: Sequence[Case]) -> None:
    """As a person does who sees that it failed: the same command again."""
    before = {case.client.name: rows_of(case.client) for case in cases}
    results = batch.play(PLAYBOOK, cases, "settling").results()
    for case in cases:
        result = results.get(case.client.name, {})
        if result.get("status") != "ok":
            _refused(case, result.get("msg", ""), before[case.client.name])


def _rerun(case: Case, trigger: str) -> None:
    """As the schedule does, or a person, without Ansible around it; or as Secrets Manager does, which calls again.

    Of its rotations, a third is settled by that alone, the others after a run of the schedule or of a person.
    """
    if not case.reserved or case.step % 3:
        _run_engine(case, trigger)
    if case.reserved:
        _call_again(case)


def _call_again(case: Case) -> None:
    before = rows_of(case.client)
    try:
        follow(case.events(), case.function_environment())
    except RotationError as error:
        case.settled_by += f" Secrets Manager: {error.code}"
        if error.code == TOKEN_STALE:
            _run_engine(case, RECOVERY)
        else:
            _refused(case, str(error), before)


def _run_engine(case: Case, trigger: str) -> None:
    before = rows_of(case.client)
    result = case.client.run(trigger=trigger)
    case.settled_by += f" {trigger} run: {result.get('action', 'failed')}"
    if result.get("failed"):
        _refused(case, result["msg"], before)


def _rerun_early(case: Case) -> None:
    """As the schedule does while an old password may live; every other region lags on until that is over."""
    if case.region:
        case.region.held = bool(case.step % 2)
    _rerun(case, RECOVERY)
    if case.region:
        judge_moment(case)
        case.region.held = False


def _recover_late(batch: Batch, cases: Sequence[Case]) -> None:
    """As the schedule does when no old password may live any more."""
    overlap = max(case.path.overlap for case in cases)
    pause(overlap + 1 if overlap else 0)
    batch.each(lambda case: _rerun(case, RECOVERY), [case for case in cases if not case.refusal])


def _refused(case: Case, message: str, before: Rows) -> None:
    """Only what a person broke may be refused, with nothing touched and a way out."""
    case.refusal = message
    if not case.may_be_refused:
        case.found(UNSETTLED, f"the run without faults failed: {message}")
    if before != rows_of(case.client):
        case.found(UNSETTLED, f"refused, but the rows were changed: {message}")
    if not is_told(case, message):
        case.found(SILENT, f"a message without step, state or next command: {message}")
    judge_moment(case)


def _put_right(case: Case) -> None:
    """Let a person put it right, after which a run has to succeed."""
    deeds.put_right(case)
    case.human_broke = case.human_locked_out = False
    result = case.client.run()
    if result.get("failed"):
        case.found(UNSETTLED, f"put right by a person, and still refused: {result['msg']}")


def _judge_moment(case: Case) -> None:
    judge_moment(case)
