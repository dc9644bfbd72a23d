# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps 7 to 10 of the protocol: apply, verify, promote, discard; the order of all.

Nothing is sent to rows that are not what the decision was made from, and nothing is told or written down as done
before the rows, read last, say so. Each step leaves a state from which the next run finishes; none trusts an answer, or
the lack of one, without looking at what it changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from ansible_collections.dbops.rotation.plugins.module_utils._aws.replica import Replica
from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import CURRENT, SecretVersion
from ansible_collections.dbops.rotation.plugins.module_utils._context.context import Run
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import overlap_until
from ansible_collections.dbops.rotation.plugins.module_utils._db.grants import grants_digest
from ansible_collections.dbops.rotation.plugins.module_utils._db.policy import policy_title
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow, Change
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import refuse_other_place
from ansible_collections.dbops.rotation.plugins.module_utils._db.sessions import end_other_sessions
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decide import held_by_replicas, leads_on
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import (
    NEW_PASSWORD_REFUSED,
    SEVERAL_SERVERS,
    Action,
    Decision,
    kept_for,
    listed,
)
from ansible_collections.dbops.rotation.plugins.module_utils._errors import (
    ConnectionLost,
    LoginRefused,
    PolicyRefused,
    RotationError,
    RowsChanged,
    SwapLost,
)
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp
from ansible_collections.dbops.rotation.plugins.module_utils._steps.confirm import confirm
from ansible_collections.dbops.rotation.plugins.module_utils._steps.cycle import overlap_began
from ansible_collections.dbops.rotation.plugins.module_utils._steps.look import View
from ansible_collections.dbops.rotation.plugins.module_utils._steps.persist import persist
from ansible_collections.dbops.rotation.plugins.module_utils._steps.record import is_untold, record
from ansible_collections.dbops.rotation.plugins.module_utils._steps.replicas import catch_up, lagging
from ansible_collections.dbops.rotation.plugins.module_utils._triggers import UNATTENDED

DRAWS = 3
INTRODUCING = (Action.ROTATE, Action.RESUME, Action.FINISH, Action.RESTORE)
# Their password has been on this server before, so the server's policy has no say in it any more.
PROVEN = (Action.FINISH, Action.RESTORE)


def execute(run: Run, view: View, decision: Decision) -> bool:
    """Do what was decided; tell whether the request is fulfilled (else look again and decide anew)."""
    run.journal.kept_for = ""
    if decision.action in (Action.NOTHING, Action.RECORD) and held_by_replicas(view.facts):
        _keep_for(run, view.facts.lagging)
    if decision.action in (Action.NOTHING, Action.HOLD):
        if decision.reason == view.facts.spared and not run.request.before:
            run.journal.warn(decision.reason)
        return True
    run.journal.changed = True
    if decision.action is Action.TAKE_OVER:
        _take_over(run, view, decision)
        return False
    if decision.action in INTRODUCING:
        version = _introduce(run, view, decision)
        _verify(run, view, version)
        promote(run, version)
        if view.facts.hold:
            with run.journal.step("confirm"):
                confirm(run, view, _rows(run), kept=True)
            return True
    _end(run, view, decision)
    return not leads_on(decision, view.facts)


def _take_over(run: Run, view: View, decision: Decision) -> None:
    """Make AWSCURRENT's password, the second one of some rows, their only one; it opens them all the while."""
    with run.journal.step("apply"):
        run.prove_commit()
        run.fence.confirm()
        _refuse_changed_rows(run, view)
        changes = view.changes(decision.rows, keep=run.current)
        _refuse_moved_label(run)
        run.journal.taken_over = True
        run.dialect.put_first(run.session, changes, run.current.value.password)
        if not _all_hold(run, set(decision.rows), run.current):
            raise RotationError("Not every account row holds AWSCURRENT's password first.", code="not_applied")
    with run.journal.step("discard"):
        run.dialect.discard(run.session, changes)
        _refuse_leftover(run, changes)
    run.journal.warn(f"On {listed(decision.rows)} AWSCURRENT's password took the place of one that no version knows.")


def _end(run: Run, view: View, decision: Decision) -> None:
    """End the old password, or leave it until its overlap is over; then write down that everything is done."""
    kept_until = _kept_until(run, view)
    if not kept_until and decision.action is not Action.RECORD:
        kept_until = _discard(run, view, by_force=decision.action is Action.SETTLE and bool(view.facts.lagging))
    if kept_until:
        run.journal.kept_until = stamp(kept_until)
    if decision.action is Action.SETTLE and view.facts.behind:
        return  # a row is to be given AWSCURRENT's password first, so there is nothing to write down yet
    with run.journal.step("confirm"):
        grants = grants_digest(run.session, (row for row in view.rows if row.name in view.facts.covered_names))
        rows = _rows(run)  # read last
        confirm(run, view, rows, kept=kept_until is not None)
        run.journal.settled = kept_until is None
    if run.request.kill_sessions and is_untold(run, view):
        with run.journal.step("end sessions"):
            run.journal.sessions_ended = end_other_sessions(run.session, run.current.value.login.user)
    with run.journal.step("record"):
        record(run, view, rows, grants, kept_until, goes_on=leads_on(decision, view.facts))


def _kept_until(run: Run, view: View) -> datetime | None:
    """Give the moment until which the old password stays valid; None where it ends now.

    A run on behalf of no person keeps what another run has promised.
    """
    if run.request.overlap and run.journal.promoted:
        return run.request.overlap_end()
    promised = overlap_until(view.secret.tags, overlap_began(run, view.secret, view.cycle))
    if view.facts.overlapping and view.facts.trigger in UNATTENDED:
        return promised
    return (promised or datetime.now(UTC)) if run.journal.kept_for else None


def _keep_for(run: Run, regions: Iterable[str]) -> None:
    run.journal.kept_for = listed(regions)
    run.journal.warn(kept_for(regions))


def _introduce(run: Run, view: View, decision: Decision) -> SecretVersion:
    """Store a password and set it on the rows, drawing again where the server's policy refuses it."""
    run.journal.sent = decision.action is Action.FINISH
    run.journal.stored = decision.version
    # What an earlier password of this run came to is not true of this one.
    run.journal.verified = run.journal.promoted = run.journal.settled = run.journal.discarding = False
    run.journal.single = run.dialect.single or any(row.holds_one for row in view.rows)
    for draw in range(DRAWS):
        with run.journal.step("persist"):
            version = persist(run, view, decision if draw == 0 else Decision(Action.ROTATE, ""))
        try:
            with run.journal.step("apply"):
                if decision.rows:
                    run.prove_commit()
                _refuse_changed_rows(run, view)
                changes = view.changes(decision.rows, keep=version)
                _apply(run, changes, version, as_hash=decision.action in PROVEN)
            return version
        except PolicyRefused:
            if decision.action in PROVEN:
                raise  # another password would end AWSCURRENT's on rows that hold this one, or not be the one asked for
            run.journal.sent = False
    with run.journal.step("apply"):
        raise RotationError(
            f"The server's password policy refused {DRAWS} new passwords ({policy_title(run.server)}).",
            code="password_policy",
            next_step="Choose rotation_password_length and rotation_password_exclude_characters that satisfy that"
            " policy; then run the same command again.",
        )


def _refuse_changed_rows(run: Run, view: View) -> None:
    """Raise RowsChanged where the rows are not those that the decision was made from, so that it is made anew."""
    run.deadline.check()
    before, now = ({row.name: row for row in rows} for rows in (view.rows, _rows(run)))
    if before != now:
        changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
        raise RowsChanged(
            f"Somebody changed {listed(changed)} while the rotation was at work.", code="changed_meanwhile"
        )


def _apply(run: Run, changes: list[Change], version: SecretVersion, *, as_hash: bool) -> None:
    run.deadline.check()
    if not changes:
        return
    run.journal.sent = True
    try:
        run.dialect.apply(run.session, changes, version.value.password, as_hash=as_hash)
    except (ConnectionLost, PolicyRefused):
        raise
    except RotationError:
        held = _held_after_all(run, version)
        if not {change.row.name for change in changes} <= held:
            raise
        if run.dialect.repeatable:
            # MariaDB may fail a statement that it applied but did not log; sent again it reaches its replicas.
            run.dialect.apply(run.session, changes, version.value.password, as_hash=as_hash)


def _held_after_all(run: Run, version: SecretVersion) -> set[str]:
    """Give the rows that hold a password whose statement failed; none, and the password as sent, where nobody can say.

    MySQL answers every statement with "reset your password" after one that named a plugin it does not have (measured).
    """
    try:
        held = {row.name for row in _holding(run, _rows(run), version)}
    except RotationError:
        return set()  # the first error is the one to be told
    run.journal.sent = bool(held)
    return held


def _verify(run: Run, view: View, version: SecretVersion) -> None:
    with run.journal.step("verify"):
        # The rows first: a server that did nothing and said OK would cost a failed login.
        covered = view.facts.covered_names
        if not _all_hold(run, covered, version):
            raise RotationError("Not every account row holds the new password.", code="not_applied")
        try:
            session = run.log_in_with(version)
        except LoginRefused as refused:
            refused.code, refused.next_step = NEW_PASSWORD_REFUSED, SEVERAL_SERVERS
            refused.cause = f"The rows hold the new password, and the login with it was refused: {refused.cause}"
            raise
        try:
            rows = covered if run.by_administrator else {run.server.current_user}
            refuse_other_place(session, run.server, rows, run.identity.company)
        finally:
            session.close()
        run.journal.verified = True


def promote(run: Run, version: SecretVersion) -> None:
    """Move AWSCURRENT to a version whose password is proven; SwapLost where somebody else moved it meanwhile."""
    with run.journal.step("promote"):
        run.deadline.check()
        run.fence.confirm()
        try:
            run.store.promote(version.version_id, run.current.version_id)
        except RotationError as error:
            # After a lost answer the library has asked again, and was told that the label is not there any more.
            if not _is_promoted(run, version, error):
                raise
        run.journal.promoted = True
        run.current = version


def _is_promoted(run: Run, version: SecretVersion, failure: RotationError) -> bool:
    """Tell whether a promotion that failed took place; where that cannot be read, the failure is told with both."""
    try:
        return run.store.describe().holder(CURRENT) == version.version_id
    except RotationError as error:
        raise RotationError(
            f"{failure.cause} Whether it happened could not be read: {error.cause}",
            code=failure.code,
            next_step=error.next_step,
            state=f"The new password, in version {version.version_id}, opens the server; whether it is AWSCURRENT"
            " already could not be read.",
        ) from None


def _discard(run: Run, view: View, *, by_force: bool) -> datetime | None:
    """End the old password on every covered row whose primary is AWSCURRENT's.

    Where a replica region may still give it out, it stays: an overlap that is over at once, so that every scheduled run
    looks again. Gives that moment; None where the old password has ended.
    """
    waits = run.replicas and run.journal.promoted and not by_force
    behind = catch_up(run) if waits else lagging(run.replicas)
    with run.journal.step("discard"):
        run.fence.confirm()
        changes = _endings(run, view)
        if changes and behind and not by_force:
            _keep_for(run, [str(replica) for replica in behind])
            return datetime.now(UTC)
        _warn_of_early_end(run, view, behind)
        if changes:
            run.prove_commit()
            _refuse_moved_label(run)
            run.journal.discarding = True
            run.dialect.discard(run.session, changes)
    return None


def _refuse_moved_label(run: Run) -> None:
    """Raise SwapLost where AWSCURRENT is another version than a moment ago: its password may be the one to end."""
    if not run.journal.promoted and run.is_label_moved():
        raise SwapLost("Somebody moved AWSCURRENT while the rotation was at work.", code="changed_meanwhile")


def _endings(run: Run, view: View) -> list[Change]:
    """Give the covered rows on which another password is valid beside AWSCURRENT's."""
    ours = view.seen_again(run, _rows(run))
    holding = {row.name for row in _holding(run, list(ours.rows), run.current)}
    covered = tuple(row.name for row in view.facts.covered if row.name in holding)
    return [change for change in ours.changes(covered, keep=run.current) if change.replaced]


def _warn_of_early_end(run: Run, view: View, behind: tuple[Replica, ...]) -> None:
    if view.facts.overlapping:
        run.journal.warn("The old password was promised to stay valid for longer (overlap); this run ended it.")
    if behind:
        run.journal.warn(
            "The old password has ended, and replica regions may still give it out; programs that read there are"
            f" refused until those have AWSCURRENT: {listed(str(replica) for replica in behind)}."
        )


def _refuse_leftover(run: Run, changes: list[Change]) -> None:
    # AWSCURRENT's own may have been the second as well as the first password of a row.
    ended = {
        (change.row.name, password)
        for change in changes
        for password in change.replaced
        if not run.holds(password, run.current)
    }
    left = sorted({row.name for row in _rows(run) for password in row.passwords if (row.name, password) in ended})
    if left:
        raise RotationError(f"Another password is still valid on {listed(left)}.", code="not_discarded")


def _rows(run: Run) -> list[AccountRow]:
    return run.dialect.rows(run.session, run.current.value.login.user)


def _holding(run: Run, rows: list[AccountRow], version: SecretVersion) -> list[AccountRow]:
    """Give the rows that hold this version's password, other than as a retained one."""
    return [row for row in rows if any(run.holds(stored, version) for stored in row.first_class)]


def _all_hold(run: Run, names: Collection[str], version: SecretVersion) -> bool:
    return set(names) <= {row.name for row in _holding(run, _rows(run), version)}
