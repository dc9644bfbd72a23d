# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check one client without changing anything: login, rows, labels, tags, expiry and grants."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from .._aws.secret_store import CURRENT, PENDING, SecretStore
from .._codes import Code
from .._context.context import RotationContext
from .._context.request import RotationRequest
from .._cycle import tags
from .._db.fence import Fence, lock_taken
from .._db.grants import grants_digest
from .._decision.decide import held_by_replicas
from .._errors import RotationError
from .._finding import Finding, judge
from .._next_step import Kind, command
from .._stamp import stamp
from .._steps import findings
from .._steps.look import View, look
from .receipt import effort, server_facts

# What says something about the client; anything else (AWS or the network is down) says that nothing could be checked.
ABOUT_THE_CLIENT = (
    *(
        Code.DRIFT,
        Code.LOGIN_REFUSED,
        Code.KNOWN_REFUSED,
        Code.ACCOUNT_EXPIRED,
        Code.ACCOUNT_LOCKED,
        Code.ACCOUNT_LOCKED_OUT,
    ),
    *(
        Code.ROW_PROBLEM,
        Code.OTHER_SERVER,
        Code.SHARED_ACCOUNT,
        Code.GRANTS_OFF,
        Code.ANONYMOUS_ACCOUNT,
        Code.READ_ONLY,
        Code.REPLICA,
    ),
    *(Code.SEVERAL_WRITERS, Code.CANNOT_COMMIT),
    *(Code.SECRET_DELETED, Code.SECRET_OWNED, Code.SECRET_ROTATION_ENABLED),
)


def verify(request: RotationRequest, store: SecretStore) -> dict[str, Any]:
    """Check one client and give the findings; raises RotationError where it cannot be checked at all.

    A login that is refused is remembered on the secret, so that no later check or schedule repeats it.
    """
    context = RotationContext(request, store, command(Kind.VERIFY))
    with context.under_way():
        try:
            return _verify(context)
        except RotationError as error:
            if error.code not in ABOUT_THE_CLIENT:
                raise
            return _result(context, [findings.of_error(error)])


def _verify(context: RotationContext) -> dict[str, Any]:
    _open(context)
    holder = Fence(context.session, context.current.value.login.user).holder()
    if holder and holder.is_run:
        return _result(context, [findings.at_work(str(holder))])
    return _report(context, [findings.of_error(lock_taken(holder))] if holder else [])


def _open(context: RotationContext) -> None:
    with context.journal.step("read"):
        context.versions.read_current()
    with context.journal.step("open"):
        context.open(to_change=False)


def _report(context: RotationContext, first: list[Finding]) -> dict[str, Any]:
    with context.journal.step("look"):
        view = look(context, only_looks=True)
        context.refuse_stalled()
    now = datetime.now(UTC)
    expiries = {row.name: moment for row in view.rows if (moment := row.expires(context.server))}
    covered = {row.name for row in view.facts.covered}
    digest = grants_digest(context.session, [row for row in view.rows if row.name in covered])
    entries = [*first, *findings.of_facts(view.facts), *_pending(context, view, now)]
    entries += findings.of_replicas(view.secret.replicas, holding=held_by_replicas(view.facts))
    entries += findings.of_expiry(expiries.items(), view.cycle, now)
    entries += findings.of_grants(view.secret.tags.get(tags.GRANTS), digest)
    return _result(context, entries) | {
        "rows": [_row(row.name, row.plugins, view, expiries) for row in view.rows],
        "server": server_facts(context),
        "rotation": {
            "last": stamp(view.cycle.last),
            "due": stamp(view.cycle.due),
            "cycle_days": str(view.cycle.days),
            "overlap_until": view.secret.tags.get(tags.OVERLAP_UNTIL, ""),
        },
        "replicas": [asdict(replica) for replica in view.secret.replicas],
        "grants_digest": digest,
    }


def _pending(context: RotationContext, view: View, now: datetime) -> list[Finding]:
    version_id = view.secret.holder(PENDING)
    apart = version_id if version_id != view.secret.holder(CURRENT) else None
    version = context.versions.read_if_possible(apart) if apart else None
    return [findings.of_pending(version.version_id, now - version.created)] if version else []


def _row(name: str, plugin: str, view: View, expiries: dict[str, datetime]) -> dict[str, Any]:
    facts = next((row for row in view.facts.rows if row.name == name), None)
    if facts is None:
        state = "skipped"
    elif view.facts.current in facts.primary:
        state = "current"
    elif facts.covered:
        state = "behind"
    else:
        state = "foreign_primary" if facts.only_second else "foreign"
    expires = stamp(expires) if (expires := expiries.get(name)) else None
    return {
        "row": name,
        "plugin": plugin,
        "state": state,
        "second_password": facts is not None and facts.secondary is not None,
        "expires": expires,
    }


def _result(context: RotationContext, entries: list[Finding]) -> dict[str, Any]:
    verdict = judge(context.request.client, entries, well="all is well", notes=True)
    return {
        "changed": False,
        "healthy": verdict.healthy,
        "msg": verdict.text,
        "client": context.request.client,
        "secret_id": context.request.secret_id,
        "version_id": context.current.version_id if context.versions.all() else None,
        "findings": [asdict(finding) for finding in verdict.results],
        **effort(context.journal, context.store),
        "warnings": list(context.journal.warnings),
    }
