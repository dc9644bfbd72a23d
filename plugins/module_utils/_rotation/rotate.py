# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rotation, from request to receipt."""

from __future__ import annotations

from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._aws.write_limit import WRITE_LIMIT
from ansible_collections.dbops.rotation.plugins.module_utils._context.context import Run
from ansible_collections.dbops.rotation.plugins.module_utils._context.journal import Journal
from ansible_collections.dbops.rotation.plugins.module_utils._context.request import RotationRequest
from ansible_collections.dbops.rotation.plugins.module_utils._db.fence import BUSY
from ansible_collections.dbops.rotation.plugins.module_utils._db.slots import SLOT_BUSY
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decide import decide, held_by_replicas, predicted
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import DRIFT, Action, Decision
from ansible_collections.dbops.rotation.plugins.module_utils._decision.refuse import FOREIGN_PRIMARY
from ansible_collections.dbops.rotation.plugins.module_utils._errors import (
    ConnectionLost,
    RotationError,
    RowsChanged,
    SwapLost,
)
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import Kind, command
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.receipt import left_alone, receipt
from ansible_collections.dbops.rotation.plugins.module_utils._steps.change import INTRODUCING, execute
from ansible_collections.dbops.rotation.plugins.module_utils._steps.look import View, look
from ansible_collections.dbops.rotation.plugins.module_utils._steps.ownership import LISTING_BEHIND
from ansible_collections.dbops.rotation.plugins.module_utils._steps.replicas import catch_up
from ansible_collections.dbops.rotation.plugins.module_utils._triggers import SCHEDULED

MOST_LOOKS = 4
# They put a password on the server that no row has yet; whatever finishes what was begun waits for nobody.
BEGINNING = (Action.ROTATE, Action.RESUME, Action.RESTORE)
# They may be seen while Secrets Manager does not show a version yet that is there.
MAY_PASS = (DRIFT, FOREIGN_PRIMARY)
NOT_NOW = (BUSY, SLOT_BUSY, WRITE_LIMIT, LISTING_BEHIND)


def rotate(request: RotationRequest, store: SecretStore) -> dict[str, Any]:
    """Rotate one client's password, or finish what an earlier run left, and give the receipt.

    Raises RotationError, and nothing else that could carry a value, with client, step, cause, state and next command.
    """
    journal = Journal(request.client, command(Kind.ROTATE))
    journal.warnings += request.tls.warnings()
    with journal.step("prepare"):
        request.refuse_invalid()
        run = Run(request, store, journal)
    with run.under_way():
        return _rotate(run)


def _rotate(run: Run) -> dict[str, Any]:
    with run.journal.step("read"):
        run.read_current()
    previous = run.current.version_id
    with run.journal.step("open"):
        run.open()
    try:
        with run.journal.step("fence"):
            run.take_fence()
        view, decision = until_done(run)
    except RotationError as error:
        if error.code not in NOT_NOW or run.request.trigger != SCHEDULED or run.journal.changed:
            raise
        return left_alone(run, error)
    return receipt(run, view, decision, previous)


def until_done(run: Run) -> tuple[View, Decision]:
    """Look, decide and execute until the request is fulfilled; whatever was lost on the way is looked at anew."""
    for look_number in range(1, MOST_LOOKS + 1):
        try:
            view, decision = _look_and_decide(run)
            if run.request.check:
                return view, predicted(decision, view.facts)
            if decision.action in BEGINNING and run.await_turn():
                continue
            if execute(run, view, decision):
                return view, decision
        except ConnectionLost as lost:
            if look_number == MOST_LOOKS:
                raise
            _reopen(run, lost)
        except RowsChanged:
            continue
        except SwapLost:
            run.journal.overtaken = run.journal.sent
            if look_number == MOST_LOOKS:
                raise
        except RotationError as error:
            if look_number == MOST_LOOKS or not run.is_displaced(error):
                raise
            run.reopen()
    with run.journal.step("decide"):
        raise RotationError(
            f"After {MOST_LOOKS} looks there is still something to do: the secret or the server keeps changing.",
            code="unsettled",
        )


def _reopen(run: Run, lost: ConnectionLost) -> None:
    """Open the server again; where that fails too, what failed first is told, at its own step, with this behind it."""
    try:
        run.reopen()
    except RotationError as error:
        lost.cause += f" It could not be opened again: {error.cause}"
        raise lost from None


def _look_and_decide(run: Run) -> tuple[View, Decision]:
    for last in run.attempts():
        view = _look(run)
        decision = decide(view.facts)
        if last or decision.code not in MAY_PASS:
            break
    with run.journal.step("decide"):
        if decision.action is Action.REFUSE:
            raise RotationError(decision.reason, code=decision.code, next_step=decision.next_step)
        if decision.action in INTRODUCING:
            run.refuse_stalled()
    return view, decision


def _look(run: Run) -> View:
    """Look; where replica regions are all that is in the way, wait for them and look again."""
    with run.journal.step("look"):
        view = look(run)
    if run.request.check or not held_by_replicas(view.facts) or catch_up(run):
        return view
    with run.journal.step("look"):
        return look(run)
