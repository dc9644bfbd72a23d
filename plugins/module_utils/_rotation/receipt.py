# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The receipt: what happened, for people, handlers and callbacks. It never holds a value or a hash."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import CURRENT, PENDING, SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._context.context import Run
from ansible_collections.dbops.rotation.plugins.module_utils._context.journal import Journal
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._db.fence import BUSY
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import Action, Decision
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp
from ansible_collections.dbops.rotation.plugins.module_utils._steps.look import View

TOUCHING = (Action.ROTATE, Action.RESUME, Action.FINISH, Action.RESTORE, Action.TAKE_OVER, Action.SETTLE)
CHANGING = (*TOUCHING, Action.RECORD)
DONE = {
    Action.ROTATE: "rotated",
    Action.RESUME: "rotated, with the password that an earlier run had stored",
    Action.FINISH: "rotated, finishing what an earlier run had begun",
    Action.RESTORE: "rolled back to the previous password",
    Action.TAKE_OVER: "the rows that were named have AWSCURRENT's password only",
    Action.HOLD: "the new password is AWSCURRENT, the hooks have to run before the old one ends",
    Action.SETTLE: "finished what an earlier run had begun, old password discarded",
    Action.RECORD: "only the tags were written",
    Action.NOTHING: "nothing to do",
}
PLANNED = {
    Action.ROTATE: "would rotate",
    Action.RESUME: "would rotate, with the password that an earlier run had stored",
    Action.FINISH: "would rotate, finishing what an earlier run had begun",
    Action.RESTORE: "would roll back to the previous password",
    Action.TAKE_OVER: "would end the other password of the rows that were named",
    Action.HOLD: "would run the hooks before the old password ends",
    Action.SETTLE: "would discard the old password",
    Action.RECORD: "would write the tags only",
    Action.NOTHING: "would change nothing",
}


def receipt(run: Run, view: View, decision: Decision, previous: str) -> dict[str, Any]:
    """Give the result of a run as plain data."""
    request, journal = run.request, run.journal
    return {
        "changed": decision.action in CHANGING or journal.changed,
        "msg": _message(run, view, decision),
        "client": request.client,
        "secret_id": request.secret_id,
        "arn": view.secret.arn,
        "action": decision.action.value,
        "decision": decision.reason,
        "trigger": request.trigger,
        "reason": request.reason,
        "requested_by": request.requested_by,
        "forced": request.force,
        "rotated": journal.recorded_anew,
        "held": _is_held(run, view, decision),
        "sessions_ended": journal.sessions_ended,
        "version_id": run.current.version_id,
        "previous_version_id": previous if previous != run.current.version_id else view.facts.previous,
        "rows": _rows(view, decision),
        "server": server_facts(run),
        "rotation": _cycle(run, view),
        "replicas": [asdict(replica) for replica in run.replicas],
        "kept_for": journal.kept_for,
        "steps": [{"name": name, "seconds": seconds} for name, seconds in journal.steps],
        "seconds": round(sum(seconds for _name, seconds in journal.steps), 3),
        **effort(journal, run.store),
        "warnings": list(journal.warnings),
        "diff": _diff(run, view, decision, previous),
    }


def left_alone(run: Run, error: RotationError) -> dict[str, Any]:
    """Give the result of a scheduled run whose turn did not come, because others are at work."""
    whom = "run that is at work already" if error.code == BUSY else "next scheduled run"
    return {
        "changed": False,
        "msg": f"{run.request.client}: left to the {whom}. {error.cause}",
        "client": run.request.client,
        "secret_id": run.request.secret_id,
        "action": "busy",
        "decision": error.cause,
        "trigger": run.request.trigger,
        "version_id": run.current.version_id,
        "rotated": False,
        "held": False,
        **effort(run.journal, run.store),
        "warnings": list(run.journal.warnings),
    }


def effort(journal: Journal, store: SecretStore) -> dict[str, Any]:
    """Give how many logins and calls a run made, and what it waited for."""
    return {
        "logins": {"succeeded": journal.logins, "failed": journal.refused_logins},
        "secretsmanager_calls": {"total": store.calls.total(), **dict(sorted(store.calls.items()))},
        "throttled": store.throttles.count,
        "waited": {"server": round(journal.waited_for_server, 3), "write_limit": round(store.writes.waited, 3)},
    }


def _message(run: Run, view: View, decision: Decision) -> str:
    rows = len(view.facts.covered)
    where = f"{rows} account {'row' if rows == 1 else 'rows'} of {run.server.title} at {run.session.place}"
    foreign = [row.name for row in view.facts.rows if not row.covered]
    if foreign:
        where += f"; foreign, left as they are: {', '.join(foreign)}"
    if run.request.check:
        return f"{run.request.client}: {PLANNED[decision.action]} ({where}): {decision.reason}"
    due = run.recorded.get(tags.DUE, "unchanged")
    throttled = f", {run.store.throttles.count} answers throttled" if run.store.throttles.count else ""
    done = _told(run, view, decision)
    if run.adopted:
        more = "" if decision.action is Action.RECORD else f"; {done}"
        done = f"the password that works is in the secret again{more}"
    return (
        f"{run.request.client}: {done} ({where}); AWSCURRENT is {run.current.version_id},{_kept(run.journal)}"
        f" next due {due}; {run.store.calls.total()} Secrets Manager calls, {run.journal.logins} logins,"
        f" {run.journal.refused_logins} refused{throttled}"
    )


def _is_held(run: Run, view: View, decision: Decision) -> bool:
    return decision.action is Action.HOLD or (view.facts.hold and run.journal.promoted)


def _told(run: Run, view: View, decision: Decision) -> str:
    """Say what was done: of the old password no more than what became of it."""
    if _is_held(run, view, decision):
        return DONE[Action.HOLD]
    if decision.action is Action.SETTLE and _kept(run.journal):
        return "finished what an earlier run had begun"
    return DONE[decision.action]


def _kept(journal: Journal) -> str:
    """Say for how long the old password stays valid; empty where it has ended."""
    if journal.kept_for:
        return f" the old password stays valid for replica regions ({journal.kept_for});"
    return f" the old password stays valid until {journal.kept_until};" if journal.kept_until else ""


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


def server_facts(run: Run) -> dict[str, Any]:
    """Give what is known of the server."""
    return {
        "flavor": run.server.flavor,
        "version": run.server.variables["version"],
        "server_id": run.server.server_id,
        "address": run.session.place,
        "tls": run.session.tls_version or "none",
    }


def _cycle(run: Run, view: View) -> dict[str, str]:
    return {
        "last": run.recorded.get(tags.LAST, stamp(view.cycle.last)),
        "due": run.recorded.get(tags.DUE, stamp(view.cycle.due)),
        "cycle_days": str(view.cycle.days),
        "overlap_until": run.journal.kept_until,
    }


def _diff(run: Run, view: View, decision: Decision, previous: str) -> dict[str, Any]:
    """Show version ids, stages and dates only."""
    before = {
        CURRENT: previous,
        PENDING: view.secret.holder(PENDING),
        tags.LAST: view.secret.tags.get(tags.LAST),
        tags.DUE: view.secret.tags.get(tags.DUE),
    }
    if decision.action not in CHANGING:
        return {"before": before, "after": before}
    after = _foreseen(decision) if run.request.check else _done(run, before)
    return {"before": before, "after": {**before, **after}}


def _foreseen(decision: Decision) -> dict[str, str]:
    if decision.action in (Action.TAKE_OVER, Action.SETTLE, Action.RECORD):
        return {}
    new = decision.version if decision.version and not decision.remint else "(a new version)"
    return {CURRENT: new, PENDING: new, tags.LAST: "(now)", tags.DUE: "(anew)"}


def _done(run: Run, before: dict[str, str | None]) -> dict[str, str | None]:
    return {CURRENT: run.current.version_id, PENDING: run.journal.stored or before[PENDING], **_dates(run)}


def _dates(run: Run) -> dict[str, str]:
    return {key: run.recorded[key] for key in (tags.LAST, tags.DUE) if key in run.recorded}
