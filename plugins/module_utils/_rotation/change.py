# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps 6 to 11 of the protocol: persist, apply, verify, promote, discard, record.

Each step leaves a state from which the next run finishes; none trusts an answer, or the lack of one, without
looking at what it changed.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import CURRENT, PENDING, SecretVersion
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import APPLYING, rotated_tags
from ansible_collections.dbops.rotation.plugins.module_utils._db.policy import policy_rules, policy_title
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow, Change
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import refuse_other_place
from ansible_collections.dbops.rotation.plugins.module_utils._errors import (
    ConnectionLost,
    PolicyRefused,
    RotationError,
    SecretNotFound,
)
from ansible_collections.dbops.rotation.plugins.module_utils._password import generate
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.decide import Action, Decision, leads_on
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.look import View
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.run import Run
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import SecretValue

DRAWS = 3
UNANSWERED = ("aws_unreachable", "aws_error")


def execute(run: Run, view: View, decision: Decision) -> bool:
    """Do what was decided; tell whether the request is fulfilled (else look again and decide anew)."""
    if decision.action is Action.NOTHING:
        return True
    if decision.action in (Action.ROTATE, Action.RESUME, Action.FINISH):
        version = _introduce(run, view, decision)
        _verify(run, view, version)
        _promote(run, version)
    if decision.action is not Action.RECORD:
        _discard(run, view)
    _record(run, view)
    return run.journal.promoted or not leads_on(decision, run.request.trigger)


def _introduce(run: Run, view: View, decision: Decision) -> SecretVersion:
    """Store a password and set it on the rows, drawing again where the server's policy refuses it."""
    run.journal.sent = decision.action is Action.FINISH
    run.journal.stored = decision.version
    # What an earlier password of this run came to is not true of this one.
    run.journal.verified = run.journal.promoted = run.journal.settled = False
    run.journal.single = run.dialect.single or any(row.holds_one for row in view.rows)
    for draw in range(DRAWS):
        with run.journal.step("persist"):
            version = _store(run, decision if draw == 0 else Decision(Action.ROTATE, ""))
        try:
            with run.journal.step("apply"):
                _apply(run, view.changes(decision.rows, keep=version), version)
            return version
        except PolicyRefused:
            if decision.action is Action.FINISH:
                raise  # another password would end AWSCURRENT's on the rows that hold this one already
            run.journal.sent = False
    with run.journal.step("apply"):
        raise RotationError(
            f"The server's password policy refused {DRAWS} new passwords ({policy_title(run.server)}).",
            code="password_policy",
            next_step="Choose rotation_password_length and rotation_password_exclude_characters that satisfy that"
            " policy; then run the same command again.",
        )


def _store(run: Run, decision: Decision) -> SecretVersion:
    if decision.version and not decision.remint:
        value = run.version(decision.version).value
        stored = run.store.read(version_id=decision.version, stage=PENDING)
    else:
        value = _new_value(run, decision)
        stored = _put_and_read_back(run, value, str(uuid.uuid4()))
    if stored.value != value:
        raise RotationError("AWSPENDING does not hold what was stored there.", code="aws_inconsistent")
    run.versions[stored.version_id] = stored
    return stored


def _new_value(run: Run, decision: Decision) -> SecretValue:
    current = run.current.value
    if decision.version:
        return current.with_password(run.version(decision.version).value.password)
    return current.with_password(generate(policy_rules(run.server, current.login.user, run.request.rules)))


def _put_and_read_back(run: Run, value: SecretValue, version_id: str) -> SecretVersion:
    """Store a version; whether it is there after a lost answer or an error is decided by reading it."""
    before, failure = run.journal.stored, None
    try:
        run.store.put_pending(value, version_id)
    except RotationError as error:
        if error.code not in UNANSWERED:
            raise
        failure = error
    run.journal.stored = version_id
    stored = _read_back(run, version_id, patient=failure is None)
    if stored is None:
        run.journal.stored = before
        raise failure or RotationError("AWSPENDING cannot be read back after it was stored.", code="aws_inconsistent")
    return stored


def _read_back(run: Run, version_id: str, *, patient: bool) -> SecretVersion | None:
    for last in run.attempts():
        try:
            return run.store.read(version_id=version_id, stage=PENDING)
        except SecretNotFound:
            if last or not patient:
                break
    return None


def _apply(run: Run, changes: list[Change], version: SecretVersion) -> None:
    run.deadline.check()
    if not changes:
        return
    if run.journal.single:
        # From here on AWSCURRENT may rightly be refused, and the next run has to know whose turn it is.
        run.store.tag({APPLYING: version.version_id})
    run.journal.sent = True
    try:
        run.dialect.apply(run.session, changes, version.value.password)
    except (ConnectionLost, PolicyRefused):
        raise
    except RotationError:
        names = {change.row.name for change in changes}
        if not _all_hold(run, names, version):
            run.journal.sent = bool(_holding(run, _rows(run), version))
            raise
        if run.dialect.repeatable:
            # MariaDB may fail a statement that it applied but did not log; sent again it reaches its replicas.
            run.dialect.apply(run.session, changes, version.value.password)


def _verify(run: Run, view: View, version: SecretVersion) -> None:
    with run.journal.step("verify"):
        # The rows first: a server that did nothing and said OK would cost a failed login.
        covered = {row.name for row in view.facts.covered}
        if not _all_hold(run, covered, version):
            raise RotationError("Not every account row holds the new password.", code="not_applied")
        session = run.log_in(version.value.login)
        try:
            refuse_other_place(session, run.server)
        finally:
            session.close()
        run.journal.verified = True


def _promote(run: Run, version: SecretVersion) -> None:
    with run.journal.step("promote"):
        run.deadline.check()
        run.fence.confirm()
        try:
            run.store.promote(version.version_id, run.current.version_id)
        except RotationError:
            # After a lost answer the library has asked again, and was told that the label is not there any more.
            if not _is_promoted(run, version):
                raise
        run.journal.promoted = True
        run.current = version


def _is_promoted(run: Run, version: SecretVersion) -> bool:
    try:
        return run.store.describe().holder(CURRENT) == version.version_id
    except RotationError as error:
        error.state = f"The new password, in version {version.version_id}, opens the server; whether it is AWSCURRENT"
        error.state += " already could not be read."
        raise


def _discard(run: Run, view: View) -> None:
    """End the old password on every covered row whose primary is AWSCURRENT's."""
    with run.journal.step("discard"):
        run.fence.confirm()
        ours = view.seen_again(run, _rows(run))
        holding = {row.name for row in _holding(run, list(ours.rows), run.current)}
        covered = tuple(row.name for row in view.facts.covered if row.name in holding)
        changes = [change for change in ours.changes(covered, keep=run.current) if change.replaced]
        if changes:
            run.dialect.discard(run.session, changes)
            _refuse_leftover(run, changes)
        run.journal.settled = True


def _refuse_leftover(run: Run, changes: list[Change]) -> None:
    ended = {(change.row.name, password) for change in changes for password in change.replaced}
    left = sorted({row.name for row in _rows(run) for password in row.passwords if (row.name, password) in ended})
    if left:
        raise RotationError(f"The old password is still valid on {', '.join(left)}.", code="not_discarded")


def _record(run: Run, view: View) -> None:
    """Write the tags; trouble with them is told and mended by the next run, for the password is in place."""
    with run.journal.step("record"):
        written = rotated_tags(
            version=run.current.version_id,
            trigger=run.request.trigger,
            server_id=run.server.server_id,
            client=run.request.client,
            last=_last(run, view),
            days=view.cycle.days,
        )
        try:
            run.store.tag(written)
            run.recorded = written
        except RotationError as error:
            run.journal.warn(f"The tags could not be written: {error.cause} The next run writes them.")


def _last(run: Run, view: View) -> datetime:
    if run.journal.promoted:
        return datetime.now(UTC)
    return view.cycle.last if view.facts.recorded == run.current.version_id else run.current.created


def _rows(run: Run) -> list[AccountRow]:
    return run.dialect.rows(run.session, run.current.value.login.user)


def _holding(run: Run, rows: list[AccountRow], version: SecretVersion) -> list[AccountRow]:
    """Give the rows that hold this version's password, other than as a retained one."""
    return [row for row in rows if any(run.holds(stored, version) for stored in row.first_class)]


def _all_hold(run: Run, names: set[str], version: SecretVersion) -> bool:
    return names <= {row.name for row in _holding(run, _rows(run), version)}
