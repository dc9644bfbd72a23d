# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring an existing account under management: prove its credentials, then store them as a secret."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from .._aws.secret_store import SecretDescription, SecretStore, find
from .._context.identity import identity_of
from .._context.journal import Journal
from .._context.versions import Versions
from .._cycle import tags
from .._db.connection import Session
from .._db.server import Server, identify, refuse_unsuitable
from .._decision.decision import listed
from .._errors import RotationError
from .._next_step import Kind, command
from .._reason import refuse_invalid_reason
from .._secret_name import refuse_arn_as_name
from .._secret_value import Login
from .._steps import ownership
from .onboard_login import is_managed, log_in, same_contents, wanted_login
from .onboard_request import OnboardRequest
from .onboard_rows import proven_rows
from .onboard_secret import FirstVersion, confirm_claim, first_cycle, store_secret
from .receipt import effort
from .replicate import Replication, replicate


@dataclass
class OnboardProgress:
    """How far an onboarding has come; ``stored`` is the version that the secret is, or will be, made with."""

    stored: str | None = None

    def state_left(self) -> str:
        """Return in one sentence whether there is a secret now."""
        if self.stored:
            return f"The secret may have been created as version {self.stored}; the database was not changed."
        return "Nothing was created, and the database was not changed."


def onboard(request: OnboardRequest, store: SecretStore) -> dict[str, Any]:
    """Prove the credentials and store them, or find that this is done already.

    Raises RotationError before anything is created where credentials, server or secret do not fit.
    """
    progress = OnboardProgress()
    journal = Journal(request.client, command(Kind.ONBOARD), progress.state_left)
    journal.warnings += request.tls.warnings()
    with journal.step("read"):
        request.refuse_invalid()
        existing = find(store)
        if existing is None:
            with journal.step("prepare"):
                refuse_arn_as_name(store.secret_id)
        login = wanted_login(request)
    versions = Versions(store, request.reason, journal.warn, backed_up=(login.password,))
    try:
        with journal.step("read"):
            refuse_invalid_reason(request.reason)
            versions.refuse_in_reason(login.password)
        result = _with_login(request, store, journal, progress, existing, login)
    except RotationError as error:
        error.reason = versions.compared_reason()
        raise
    return {**result, "reason": versions.compared_reason(), "requested_by": request.requested_by}


def _with_login(
    request: OnboardRequest,
    store: SecretStore,
    journal: Journal,
    progress: OnboardProgress,
    existing: SecretDescription | None,
    login: Login,
) -> dict[str, Any]:
    with journal.step("read"):
        managed = existing if existing and is_managed(existing, store, login) else None
        if managed:
            ownership.refuse_claimed_twice(store, managed, store.sibling)
    if managed:
        return _already(request, store, journal, managed)
    with journal.step("open"):
        session = log_in(request, journal, login)
    with closing(session):
        return _onboard(request, store, journal, progress, existing, login, session)


def _onboard(
    request: OnboardRequest,
    store: SecretStore,
    journal: Journal,
    progress: OnboardProgress,
    existing: SecretDescription | None,
    login: Login,
    session: Session,
) -> dict[str, Any]:
    with journal.step("look"):
        server = identify(session)
        refuse_unsuitable(server, single_writer=request.single_writer)
        rows = proven_rows(session, server, login, journal)
        version = same_contents(store, login) if existing else None
        identity = identity_of(server, {}, request.server_ids, request.server_label, user=login.user)
        ownership.refuse_shared_account(store, identity, store.sibling)
    first = FirstVersion(version.version_id if version else str(uuid.uuid4()), first_cycle(request))
    with journal.step("store"):
        if not request.check:
            progress.stored = first.version_id
            claim = store_secret(request, store, identity, login, first, exists=version is not None)
            confirm_claim(request, store, identity_of(server, claim, request.server_ids, user=login.user), journal)
    # Last, so that a run that dies before leaves a client under management, and the next one adds what is missing.
    replication = replicate(request.replicas, store, journal, existing)
    return {
        "changed": True,
        "msg": _message(request, server, session, rows, existing) + replication.message(),
        "client": request.client,
        "secret_id": store.secret_id,
        **({} if request.check else first.as_result()),
        "rows": rows,
        "replicas": replication.result(),
        **effort(journal, store),
        "warnings": list(journal.warnings),
        "diff": {
            "before": {"secret": store.secret_id if existing else None},
            "after": {"secret": store.secret_id, tags.CYCLE_DAYS: request.cycle_days, **_regions(replication)},
        },
    }


def _regions(replication: Replication) -> dict[str, str]:
    return {"replicas added": listed(replication.added)} if replication.added else {}


def _message(
    request: OnboardRequest,
    server: Server,
    session: Session,
    rows: list[dict[str, str]],
    existing: SecretDescription | None,
) -> str:
    done = ("would be " if request.check else "is ") + ("taken over" if existing else "stored")
    parts = [f"{request.client}: the password opens {server.title} at {session.place} and {done} as a secret"]
    for state, words in (("covered", "covered"), ("foreign", "foreign, left as they are"), ("skipped", "no password")):
        names = [row["row"] for row in rows if row["state"] == state]
        if names:
            parts.append(f"{words}: {', '.join(names)}")
    parts += [f"{row['row']} is {row['state']}" for row in rows if row["state"].startswith("unfit")]
    return "; ".join(parts)


def _already(
    request: OnboardRequest, store: SecretStore, journal: Journal, existing: SecretDescription
) -> dict[str, Any]:
    missing = {key: value for key, value in request.more_tags.items() if existing.tags.get(key) != value}
    if missing and not request.check:
        store.tag(missing)
    replication = replicate(request.replicas, store, journal, existing)
    tagged = f"; tagged {listed(sorted(missing))}" if missing else ""
    text = f"the secret {existing.name!r} is under management already; nothing to store{tagged}{replication.message()}"
    return {
        "changed": bool(replication.added or missing),
        "msg": f"{request.client}: {text}",
        "client": request.client,
        "secret_id": existing.name,
        "rows": [],
        "replicas": replication.result(),
        "warnings": list(journal.warnings),
        "diff": {"before": {}, "after": {**missing, **_regions(replication)}},
    }
