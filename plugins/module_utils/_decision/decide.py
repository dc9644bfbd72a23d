# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision: from facts to the one safe thing to do. Pure, so that it can be explored exhaustively.

The order of the questions is the protocol's: refuse, finish what is on the server, discard the old password of what
was promoted, wait for the end of an overlap or for replica regions, and only then go on with what was only stored, or
begin something new.
"""

from __future__ import annotations

from dataclasses import replace

from .._codes import Code
from .._next_step import Kind, command
from .._triggers import ROLLBACK, SCHEDULED, UNATTENDED
from .decision import INTRODUCING, RECONCILE, Action, Decision, drift, kept_for, refusal
from .facts import Facts, RowFacts
from .refuse import refuse, taken_over


def decide(facts: Facts) -> Decision:
    """Return the one safe thing to do."""
    decision = _decide(facts)
    return _only_store(decision, facts) if facts.stores_only and decision.action in INTRODUCING else decision


def _decide(facts: Facts) -> Decision:
    steps = (
        refuse,
        _take_over,
        _follow_label,
        _finish,
        _wait_for_hooks,
        _keep,
        _discard_old,
        _wait,
        _roll_back,
        _resume,
    )
    return next((decision for step in steps if (decision := step(facts))), None) or _begin(facts)


def _only_store(decision: Decision, facts: Facts) -> Decision:
    """Store what is to be new, and leave the server for the step that comes last."""
    if decision.action is Action.ROTATE and facts.reserved:
        return replace(decision, action=Action.STORE, version=facts.reserved)
    return Decision(Action.NOTHING, f"{decision.reason} That is left for the last step, finishSecret.")


def leads_on(decision: Decision, facts: Facts) -> bool:
    """Return True if another decision follows: a run that a person asked for finishes what was left, then does its own.

    What it finished may be what that person wants: a new password for a rotation, the former one for a rollback. A run
    that nobody asked for goes on only where a new password is stored too, or a row has not AWSCURRENT's.
    """
    if decision.action is Action.TAKE_OVER:
        return True
    if decision.action not in (Action.FINISH, Action.DISCARD_OLD):
        return False
    if facts.trigger in UNATTENDED:
        return decision.action is Action.DISCARD_OLD and (facts.stored or bool(facts.behind))
    restored = decision.version == facts.rollback
    if facts.trigger == ROLLBACK:
        return not restored
    return restored or decision.action is Action.DISCARD_OLD


def rolls_back(decision: Decision, facts: Facts) -> bool:
    """Return True if a decision brings a former password back, or goes on with that."""
    begun = decision.action is Action.FINISH and decision.version == facts.rollback
    return begun or decision.action is Action.ROLL_BACK


def predicted(decision: Decision, facts: Facts) -> Decision:
    """Return what a run that starts with this decision comes to."""
    if not leads_on(decision, facts) or (decision.action is Action.TAKE_OVER and facts.trigger in UNATTENDED):
        return decision
    comes = Action.ROLL_BACK if facts.trigger == ROLLBACK else Action.ROTATE
    return replace(decision, action=comes, version=None, reason=f"{decision.reason} That is finished first.")


def held_by_replicas(facts: Facts) -> bool:
    """Return True if an old password has to stay for those who read it in a replica region."""
    old = _with_old(facts)
    ended = facts.forced and facts.trigger not in UNATTENDED
    return bool(facts.lagging and old) and not (ended or _overlaps(facts) or _brings_back(facts, old))


def _take_over(facts: Facts) -> Decision | None:
    """Put AWSCURRENT's password first on adopted rows, for a change would end it as the second."""
    rows = taken_over(facts)
    if not rows:
        return None
    return Decision(
        Action.TAKE_OVER, "A row was named on which AWSCURRENT is the second password.", facts.current, rows
    )


def _follow_label(facts: Facts) -> Decision | None:
    """Roll back to AWSCURRENT where somebody has moved the label back already, so that the server follows it."""
    if facts.trigger != ROLLBACK or not facts.label_moved_back:
        return None
    reason = "Somebody moved AWSCURRENT back; the server is given its password again."
    return _rolling_back(facts, facts.current, reason)


def _finish(facts: Facts) -> Decision | None:
    version = facts.begun
    if not facts.current_opens and not facts.by_administrator:
        if version is None:
            return drift("AWSCURRENT's password opens none of the account rows.")
        if not _superseded(facts):
            return drift("AWSCURRENT was changed during the rotation to a password that opens none of the rows.")
    if version is None:
        return None
    behind = tuple(row.name for row in facts.covered if version not in row.primary)
    pending = facts.pending
    return Decision(
        Action.FINISH,
        f"An earlier run had set the new password on {len(facts.covered) - len(behind)} of {len(facts.covered)}"
        " rows and not finished.",
        version,
        behind,
        as_new_version=not (pending and pending.version == version and pending.same_keys),
    )


def _wait_for_hooks(facts: Facts) -> Decision | None:
    """Keep the old password until the hooks have run, those of a run that was cut off too."""
    if not facts.waits_for_hooks or facts.hooks_version != facts.current or facts.recorded == facts.current:
        return None
    return Decision(
        Action.WAIT_FOR_HOOKS, "The new password is AWSCURRENT; the hooks have to run before the old one ends."
    )


def _keep(facts: Facts) -> Decision | None:
    """End nothing that a replica region may still give out; whoever wants a new password has to know that."""
    if not held_by_replicas(facts):
        return None
    reason = kept_for(facts.lagging)
    by_person = facts.trigger not in UNATTENDED and not facts.skip_reason
    if by_person or (facts.trigger == SCHEDULED and facts.due):
        return refusal(
            Code.REPLICA_LAGS,
            f"{reason} A new one would end it.",
            "Mend the replica (docs/runbook.md), or remove that region; then run the same command again. If nobody"
            f" reads there: {command(Kind.ROTATE, {'force': 'true'})}",
        )
    is_recorded = (
        facts.recorded == facts.current and not facts.tags_need_repair and (facts.overlapping or facts.overlap_over)
    )
    return (
        Decision(Action.NOTHING, reason)
        if is_recorded or facts.behind
        else Decision(Action.RECORD, reason, facts.current)
    )


def _discard_old(facts: Facts) -> Decision | None:
    old = _with_old(facts)
    if not old or _overlaps(facts) or _brings_back(facts, old):
        return None
    reason = "The password was changed, but the old one is still valid."
    if facts.overlapping:
        reason = "The old password was to stay valid for now (overlap); a person's run ends that."
    return Decision(Action.DISCARD_OLD, reason, facts.current, tuple(row.name for row in old))


def _wait(facts: Facts) -> Decision | None:
    """Begin nothing that would end the old password before its overlap is over."""
    if not (_overlaps(facts) and _with_old(facts)):
        return None
    reason = "The old password stays valid for now (overlap); whatever is due waits for its end."
    return _record(facts) or Decision(Action.NOTHING, reason)


def _roll_back(facts: Facts) -> Decision | None:
    if facts.trigger != ROLLBACK:
        return None
    if facts.rollback == facts.current:
        reason = "AWSCURRENT holds the password of a rollback already; rotate to leave it."
        return _record(facts) or Decision(Action.NOTHING, reason)
    if not facts.restorable:
        return refusal(
            Code.NOTHING_TO_RESTORE,
            "AWSPREVIOUS holds no other password that could be read.",
            f"Rotate to a new password; or, where another password works, {RECONCILE}",
        )
    return _rolling_back(facts, str(facts.previous), "The previous password was asked for.")


def _resume(facts: Facts) -> Decision | None:
    pending = facts.pending
    if pending is None or not facts.stored:
        return None
    rows = _names(facts.covered)
    if pending.reusable:
        return Decision(
            Action.RESUME, "An earlier run had stored a new password and not sent it.", pending.version, rows
        )
    return Decision(
        Action.ROTATE, "AWSPENDING holds a version that cannot be trusted; a new one is made instead.", rows=rows
    )


def _begin(facts: Facts) -> Decision:
    rows = _names(facts.covered)
    if facts.skip_reason:
        return _record(facts) or Decision(Action.NOTHING, facts.skip_reason)
    if facts.trigger not in UNATTENDED:
        return Decision(Action.ROTATE, "A new password was asked for.", rows=rows)
    if facts.trigger == SCHEDULED and facts.due:
        return Decision(Action.ROTATE, "The password is due.", rows=rows)
    if facts.behind:
        return Decision(
            Action.ROTATE, "Not every row has AWSCURRENT's password, so all of them are given a new one.", rows=rows
        )
    return _record(facts) or Decision(Action.NOTHING, "The password is not due and nothing is unfinished.")


def _record(facts: Facts) -> Decision | None:
    """Write down that everything is done, which it is not where a row has another password than AWSCURRENT's."""
    if facts.behind:
        return None
    if facts.recorded == facts.current and not (facts.tags_need_repair or facts.overlap_over):
        return None
    return Decision(Action.RECORD, "Everything is done but the tags that say so.", facts.current)


def _rolling_back(facts: Facts, version: str, reason: str) -> Decision:
    return Decision(Action.ROLL_BACK, reason, version, _names(facts.covered), as_new_version=True)


def _with_old(facts: Facts) -> tuple[RowFacts, ...]:
    """Return the rows on which AWSCURRENT's password is the first and another still valid."""
    return tuple(row for row in facts.covered if facts.current in row.primary and row.ends_secondary)


def _overlaps(facts: Facts) -> bool:
    """Return True if the old password has to stay; a person's run may end an overlap, a schedule may not."""
    return facts.overlapping and facts.trigger in UNATTENDED


def _brings_back(facts: Facts, old: tuple[RowFacts, ...]) -> bool:
    """Return True if a rollback makes the password first again that discarding would end."""
    is_rollback = facts.trigger == ROLLBACK and facts.restorable and facts.rollback != facts.current
    return is_rollback and all(str(facts.previous) in (row.secondary or ()) for row in old)


def _superseded(facts: Facts) -> bool:
    """Return True if the pending version replaced AWSCURRENT on rows that can hold one password only."""
    pending = facts.pending
    single = all(row.secondary is None for row in facts.covered)
    return bool(pending and pending.same_keys and pending.newer and single)


def _names(rows: tuple[RowFacts, ...]) -> tuple[str, ...]:
    return tuple(row.name for row in rows)
