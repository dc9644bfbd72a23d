# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress, summary and audit trail say the same of one result."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._audit.counts import Counts
from ansible_collections.dbops.rotation.plugins.module_utils._audit.outcome import Report
from ansible_collections.dbops.rotation.plugins.module_utils._meaning import End
from ansible_collections.dbops.rotation.plugins.module_utils._operations import CYCLE, RECONCILE, ROTATE, Declaration
from ansible_collections.dbops.rotation.plugins.plugin_utils._progress import Tally

ACME = "client_acme"
HELD: dict[str, Any] = {"action": "rotate", "trigger": "on_demand", "rotated": False, "waits_for_hooks": True}


class Watchers:
    """The progress and the audit trail of one run."""

    def __init__(self) -> None:
        self.tally, self.counts = Tally(), Counts()
        self.tally.expect([ACME])
        self.reports: list[Report] = []

    def see(self, declared: Declaration, *, failed: bool = False, check: bool = False, **result: Any) -> None:
        told = {"client": ACME, **result}
        self.tally.take(ACME, declared.name, told, failed=failed, check=check)
        self.reports.append(Report(declared.name, ACME, told, failed=failed, check=check))
        self.counts.add(self.reports[-1])

    @property
    def end(self) -> End:
        return self.tally.meanings[ACME].end

    def counted(self) -> set[str]:
        return {name for name, number in self.counts.numbers().items() if number} - {"clients"}


@pytest.fixture
def run() -> Watchers:
    return Watchers()


def test_who_waits_for_hooks_is_not_done_yet(run: Watchers) -> None:
    run.see(ROTATE, **HELD)
    assert run.end is End.WAITS_FOR_HOOKS and run.counted() == set()


def test_a_client_whose_hook_failed_has_failed_and_nothing_else(run: Watchers) -> None:
    run.see(ROTATE, **HELD)
    run.see(CYCLE, state="failed", step="hooks", code="hook_failed", changed=True)
    assert run.end is End.FAILED and run.tally.meanings[ACME].cause == "hook_failed"
    assert run.counted() == {"failed"}


def test_a_client_is_done_when_its_hooks_are(run: Watchers) -> None:
    run.see(ROTATE, **HELD)
    run.see(ROTATE, action="discard_old", trigger="on_demand", rotated=True, waits_for_hooks=False)
    assert run.end is End.ROTATED and run.counted() == {"succeeded", "rotated"}


def test_a_task_that_is_not_ours_fails_its_client_where_the_role_counts_it(run: Watchers) -> None:
    run.see(CYCLE, state="failed", step="task", code="task_failed", changed=True)
    assert run.end is End.FAILED and run.tally.meanings[ACME].cause == "task_failed"
    assert run.counted() == {"failed"}


def test_a_failure_that_its_own_result_has_told_is_not_told_again(run: Watchers) -> None:
    run.see(ROTATE, failed=True, error={"code": "login_refused", "next_step": "Reconcile it."})
    run.see(CYCLE, state="failed", step="open", code="login_refused", changed=True)
    assert run.tally.meanings[ACME].detail == "Reconcile it." and run.counted() == {"failed", "locked_out"}


@pytest.mark.parametrize("action", ["roll_back", "finish", "resume"])
@pytest.mark.parametrize("check", [False, True])
def test_a_rollback_is_one_by_whatever_it_was_finished(run: Watchers, action: str, check: bool) -> None:
    run.see(ROTATE, check=check, action=action, trigger="rollback", rotated=not check)
    assert run.end is End.ROLLED_BACK and run.reports[0].kind == "rollback"


def test_a_new_password_is_told_although_nothing_more_was_to_be_done(run: Watchers) -> None:
    """A run may first write down what another one had changed."""
    run.see(ROTATE, action="nothing", trigger="on_demand", rotated=True)
    assert run.end is End.ROTATED and run.counted() == {"succeeded", "rotated"}


def test_a_password_that_was_adopted_is_told_although_nothing_more_was_to_be_done(run: Watchers) -> None:
    run.see(RECONCILE, action="nothing", changed=True)
    assert run.end is End.RECONCILED and run.counted() == {"succeeded"}


@pytest.mark.parametrize("result", [{"client": ""}, {"action": "a word of a later release"}])
def test_what_cannot_be_read_is_not_told_as_done(run: Watchers, result: dict[str, Any]) -> None:
    run.see(ROTATE, **result)
    assert run.end is End.UNREADABLE and run.reports[0].outcome == "unknown" and run.counted() == set()


def test_a_rule_that_refuses_is_told_apart_from_a_failure_by_the_trail_only(run: Watchers) -> None:
    run.see(ROTATE, failed=True, error={"step": "decide", "code": "foreign_secondary"})
    assert run.end is End.FAILED and run.reports[0].outcome == "refused"
