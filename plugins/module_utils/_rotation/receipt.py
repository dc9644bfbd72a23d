# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The receipt: what happened, for people, handlers and callbacks. It never holds a value or a hash."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .._aws.secret_store import CURRENT, PENDING, SecretStore
from .._codes import Code
from .._context.context import RotationContext
from .._context.journal import Journal
from .._cycle import tags
from .._decision.decision import Action, Decision
from .._errors import RotationError
from .._stamp import stamp
from .._steps.look import View

TOUCHING = (Action.ROTATE, Action.RESUME, Action.FINISH, Action.ROLL_BACK, Action.TAKE_OVER, Action.DISCARD_OLD)
CHANGING = (*TOUCHING, Action.STORE, Action.RECORD)
DONE = {
    Action.STORE: "the new password is stored, and not sent yet",
    Action.ROTATE: "rotated",
    Action.RESUME: "rotated, with the password that an earlier run had stored",
    Action.FINISH: "rotated, finishing what an earlier run had begun",
    Action.ROLL_BACK: "rolled back to the previous password",
    Action.TAKE_OVER: "the rows that were named have AWSCURRENT's password only",
    Action.WAIT_FOR_HOOKS: "the new password is AWSCURRENT, the hooks have to run before the old one ends",
    Action.DISCARD_OLD: "finished what an earlier run had begun, old password discarded",
    Action.RECORD: "only the tags were written",
    Action.NOTHING: "nothing to do",
}
PLANNED = {
    Action.STORE: "would store the new password",
    Action.ROTATE: "would rotate",
    Action.RESUME: "would rotate, with the password that an earlier run had stored",
    Action.FINISH: "would rotate, finishing what an earlier run had begun",
    Action.ROLL_BACK: "would roll back to the previous password",
    Action.TAKE_OVER: "would end the other password of the rows that were named",
    Action.WAIT_FOR_HOOKS: "would run the hooks before the old password ends",
    Action.DISCARD_OLD: "would discard the old password",
    Action.RECORD: "would write the tags only",
    Action.NOTHING: "would change nothing",
}


def receipt(context: RotationContext, view: View, decision: Decision, previous: str) -> dict[str, Any]:
    """Return the result of a run as plain data."""
    request, journal = context.request, context.journal
    return {
        "changed": decision.action in CHANGING or context.effects.changed,
        "msg": _message(context, view, decision),
        "client": request.client,
        "secret_id": request.secret_id,
        "arn": view.secret.arn,
        "action": decision.action.value,
        "decision": decision.reason,
        "trigger": request.trigger,
        "reason": request.reason,
        "requested_by": request.requested_by,
        "forced": request.force,
        "rotated": context.effects.announces,
        "waits_for_hooks": _waits_for_hooks(context, view, decision),
        "sessions_ended": context.effects.sessions_ended,
        "version_id": context.current.version_id,
        "previous_version_id": previous if previous != context.current.version_id else view.facts.previous,
        "rows": _rows(view, decision),
        "server": server_facts(context),
        "rotation": _cycle(context, view),
        "replicas": [asdict(replica) for replica in context.regions.replicas],
        "kept_for": context.progress.kept_for,
        "steps": [{"name": name, "seconds": seconds} for name, seconds in journal.steps],
        "seconds": round(sum(seconds for _name, seconds in journal.steps), 3),
        **effort(journal, context.store),
        "warnings": list(journal.warnings),
        "diff": _diff(context, view, decision, previous),
    }


def left_alone(context: RotationContext, error: RotationError) -> dict[str, Any]:
    """Return the result of a scheduled run whose turn did not come, because others are at work."""
    whom = "run that is at work already" if error.code == Code.FENCE_BUSY else "next scheduled run"
    return {
        "changed": False,
        "msg": f"{context.request.client}: left to the {whom}. {error.cause}",
        "client": context.request.client,
        "secret_id": context.request.secret_id,
        "action": "busy",
        "decision": error.cause,
        "trigger": context.request.trigger,
        "version_id": context.current.version_id,
        "rotated": False,
        "waits_for_hooks": False,
        **effort(context.journal, context.store),
        "warnings": list(context.journal.warnings),
    }


def effort(journal: Journal, store: SecretStore) -> dict[str, Any]:
    """Return how many logins and calls a run made, and what it waited for."""
    return {
        "logins": {"succeeded": journal.logins, "failed": journal.refused_logins},
        "secretsmanager_calls": {"total": store.calls.total(), **dict(sorted(store.calls.items()))},
        "throttled": store.throttles.count,
        "waited": {"server": round(journal.waited_for_server, 3), "write_limit": round(store.writes.waited, 3)},
    }


def _message(context: RotationContext, view: View, decision: Decision) -> str:
    rows = len(view.facts.covered)
    where = f"{rows} account {'row' if rows == 1 else 'rows'} of {context.server.title} at {context.session.place}"
    foreign = [row.name for row in view.facts.rows if not row.covered]
    if foreign:
        where += f"; foreign, left as they are: {', '.join(foreign)}"
    if context.request.check:
        return f"{context.request.client}: {PLANNED[decision.action]} ({where}): {decision.reason}"
    due = context.effects.recorded.get(tags.DUE, "unchanged")
    throttled = f", {context.store.throttles.count} answers throttled" if context.store.throttles.count else ""
    done = _outcome(context, view, decision)
    if context.versions.adopted:
        more = "" if decision.action is Action.RECORD else f"; {done}"
        done = f"the password that works is in the secret again{more}"
    return (
        f"{context.request.client}: {done} ({where}); AWSCURRENT is {context.current.version_id},"
        f"{_overlap(context)} next due {due}; {context.store.calls.total()} Secrets Manager calls,"
        f" {context.journal.logins} logins, {context.journal.refused_logins} refused{throttled}"
    )


def _waits_for_hooks(context: RotationContext, view: View, decision: Decision) -> bool:
    return decision.action is Action.WAIT_FOR_HOOKS or (view.facts.waits_for_hooks and context.progress.promoted)


def _outcome(context: RotationContext, view: View, decision: Decision) -> str:
    """Return what was done: of the old password no more than what became of it."""
    if _waits_for_hooks(context, view, decision):
        return DONE[Action.WAIT_FOR_HOOKS]
    if decision.action is Action.DISCARD_OLD and _overlap(context):
        return "finished what an earlier run had begun"
    return DONE[decision.action]


def _overlap(context: RotationContext) -> str:
    """Say for how long the old password stays valid; empty where it has ended."""
    if context.progress.kept_for:
        return f" the old password stays valid for replica regions ({context.progress.kept_for});"
    return f" the old password stays valid until {context.progress.kept_until};" if context.progress.kept_until else ""


def _rows(view: View, decision: Decision) -> list[dict[str, str]]:
    facts = {row.name: row for row in view.facts.rows}
    touched = decision.action in TOUCHING
    result = []
    for row in view.rows:
        if row.name not in facts:
            state, detail = "skipped", "no password method; never overwritten"
        elif not facts[row.name].covered:
            state, detail = "foreign", "its password is in no version of the secret; left as it is"
        else:
            state, detail = "changed" if touched else "unchanged", "locked" if row.locked else ""
        result.append({"row": row.name, "plugin": row.plugins, "state": state, "detail": detail})
    return result


def server_facts(context: RotationContext) -> dict[str, Any]:
    """Return what is known of the server."""
    return {
        "flavor": context.server.flavor,
        "version": context.server.variables["version"],
        "server_id": context.server.server_id,
        "address": context.session.place,
        "tls": context.session.tls_version or "none",
    }


def _cycle(context: RotationContext, view: View) -> dict[str, str]:
    return {
        "last": context.effects.recorded.get(tags.LAST, stamp(view.cycle.last)),
        "due": context.effects.recorded.get(tags.DUE, stamp(view.cycle.due)),
        "cycle_days": str(view.cycle.days),
        "overlap_until": context.progress.kept_until,
    }


def _diff(context: RotationContext, view: View, decision: Decision, previous: str) -> dict[str, Any]:
    """Show version ids, stages and dates only."""
    before = {
        CURRENT: previous,
        PENDING: view.secret.holder(PENDING),
        tags.LAST: view.secret.tags.get(tags.LAST),
        tags.DUE: view.secret.tags.get(tags.DUE),
    }
    if decision.action not in CHANGING:
        return {"before": before, "after": before}
    after = _forecast(decision) if context.request.check else _done(context, before)
    return {"before": before, "after": {**before, **after}}


def _forecast(decision: Decision) -> dict[str, str]:
    if decision.action in (Action.TAKE_OVER, Action.DISCARD_OLD, Action.RECORD):
        return {}
    if decision.action is Action.STORE:
        return {PENDING: str(decision.version)}
    new = decision.version if decision.version and not decision.as_new_version else "(a new version)"
    return {CURRENT: new, PENDING: new, tags.LAST: "(now)", tags.DUE: "(anew)"}


def _done(context: RotationContext, before: dict[str, str | None]) -> dict[str, str | None]:
    return {CURRENT: context.current.version_id, PENDING: context.progress.stored or before[PENDING], **_dates(context)}


def _dates(context: RotationContext) -> dict[str, str]:
    return {key: context.effects.recorded[key] for key in (tags.LAST, tags.DUE) if key in context.effects.recorded}
