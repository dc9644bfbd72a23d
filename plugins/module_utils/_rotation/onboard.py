# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring an existing account under management: prove its credentials, then store them as a secret."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import (
    CURRENT,
    SecretDescription,
    SecretStore,
    SecretVersion,
    find,
    looks,
)
from ansible_collections.dbops.rotation.plugins.module_utils._context.identity import (
    Identity,
    identity_of,
    refuse_invalid_label,
)
from ansible_collections.dbops.rotation.plugins.module_utils._context.journal import Journal, OnboardJournal
from ansible_collections.dbops.rotation.plugins.module_utils._context.request import (
    DEFAULT_DEADLINE,
    refuse_invalid_wait,
)
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.spread import first_due
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import Cycle
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.windows import Calendar
from ansible_collections.dbops.rotation.plugins.module_utils._db.connection import Session, connect
from ansible_collections.dbops.rotation.plugins.module_utils._db.dialect import dialect_of
from ansible_collections.dbops.rotation.plugins.module_utils._db.let_in import row_let_in
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import Server, identify, refuse_unsuitable
from ansible_collections.dbops.rotation.plugins.module_utils._db.tls import TlsOptions
from ansible_collections.dbops.rotation.plugins.module_utils._deadline import Deadline
from ansible_collections.dbops.rotation.plugins.module_utils._decision.decision import adopting, listed
from ansible_collections.dbops.rotation.plugins.module_utils._decision.refuse import FOREIGN_PRIMARY
from ansible_collections.dbops.rotation.plugins.module_utils._errors import LoginRefused, RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import Kind, command, with_options
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.receipt import effort
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.replicate import (
    ReplicaRequest,
    Replication,
    replicate,
)
from ansible_collections.dbops.rotation.plugins.module_utils._secret_name import refuse_arn_as_name
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login, SecretValue, parse_secret
from ansible_collections.dbops.rotation.plugins.module_utils._steps import ownership
from ansible_collections.dbops.rotation.plugins.module_utils._triggers import ONBOARDING

WITH_PASSWORD = "Give the account a password (not a socket login only), then run the same command again."


@dataclass(frozen=True)
class OnboardRequest:
    """One client to bring under management; the login is given, or read from ``source``."""

    client: str
    login: Login | None
    source: SecretStore | None = None
    tls: TlsOptions = field(default_factory=TlsOptions)
    kms_key_id: str | None = None
    more_tags: Mapping[str, str] = field(default_factory=dict)
    cycle_days: int = tags.DEFAULT_CYCLE_DAYS
    calendar: Calendar = field(default_factory=Calendar)
    replicas: ReplicaRequest = field(default_factory=ReplicaRequest)
    single_writer: bool = False
    server_ids: frozenset[str] = field(default_factory=frozenset)
    server_label: str = ""
    deadline: float = DEFAULT_DEADLINE
    check: bool = False


def onboard(request: OnboardRequest, store: SecretStore) -> dict[str, Any]:
    """Prove the credentials and store them, or find that this is done already.

    Raises RotationError before anything is created where credentials, server or secret do not fit.
    """
    journal = OnboardJournal(request.client, command(Kind.ONBOARD))
    journal.warnings += request.tls.warnings()
    with journal.step("read"):
        refuse_invalid_wait(request.replicas.wait)
        refuse_invalid_label(request.server_label)
        refuse_our_tags(request.more_tags)
        existing = find(store)
        if existing is None:
            with journal.step("prepare"):
                refuse_arn_as_name(store.secret_id)
        wanted = _wanted(request)
        managed = existing if existing and _is_managed(existing, store, wanted) else None
        if managed:
            ownership.refuse_claimed_twice(store, managed, store.sibling)
    if managed:
        return _already(request, store, journal, managed)
    with journal.step("open"):
        session = _log_in(request, journal, wanted)
    try:
        return _onboard(request, store, journal, existing, wanted, session)
    finally:
        session.close()


def _onboard(
    request: OnboardRequest,
    store: SecretStore,
    journal: Journal,
    existing: SecretDescription | None,
    wanted: Login,
    session: Session,
) -> dict[str, Any]:
    with journal.step("look"):
        server = identify(session)
        refuse_unsuitable(server, single_writer=request.single_writer)
        rows = _rows(session, server, wanted, journal)
        version = _same_contents(store, wanted) if existing else None
        identity = identity_of(server, {}, request.server_ids, request.server_label, user=wanted.user)
        ownership.refuse_shared_account(store, identity, store.sibling)
    with journal.step("store"):
        if not request.check:
            journal.stored = version.version_id if version else str(uuid.uuid4())
            claim = _store(request, store, identity, wanted, journal.stored, exists=version is not None)
            _confirm(request, store, identity_of(server, claim, request.server_ids, user=wanted.user), journal)
    # Last, so that a run that dies before leaves a client under management, and the next one adds what is missing.
    replication = replicate(request.replicas, store, journal, existing)
    return {
        "changed": True,
        "msg": _message(request, server, session, rows, existing) + replication.told(),
        "client": request.client,
        "secret_id": store.secret_id,
        "rows": rows,
        "replicas": replication.result(),
        **effort(journal, store),
        "warnings": list(journal.warnings),
        "diff": {
            "before": {"secret": store.secret_id if existing else None},
            "after": {"secret": store.secret_id, tags.CYCLE_DAYS: request.cycle_days, **_regions(replication)},
        },
    }


def _confirm(request: OnboardRequest, store: SecretStore, identity: Identity, journal: Journal) -> None:
    """Look again for another secret of the account, now that this one's claim can be seen by whoever looks, too."""
    try:
        ownership.confirm_account(store, identity, store.sibling, looks())
    except RotationError as error:
        if error.code != ownership.LISTING_BEHIND:
            raise
        journal.warn(f"{error.cause} Before programs use the secret, in five minutes: {command(Kind.VERIFY)}")


def refuse_our_tags(asked: Mapping[str, Any]) -> None:
    """Raise a RotationError where tags are asked for that only a rotation writes."""
    ours = sorted(key for key in asked if key.startswith(tags.PREFIX))
    if ours:
        raise RotationError(
            f"The tags {', '.join(ours)} are written by every rotation.",
            code="invalid_option",
            next_step="Take them out of rotation_onboard_tags.",
        )


def _regions(replication: Replication) -> dict[str, str]:
    return {"replicas added": listed(replication.added)} if replication.added else {}


def _log_in(request: OnboardRequest, journal: Journal, wanted: Login) -> Session:
    try:
        with journal.login():
            return connect(wanted, request.tls, Deadline(request.deadline))
    except LoginRefused:
        raise LoginRefused(
            f"The server at {wanted.host}:{wanted.port} refused the given password of {wanted.user!r}, or the account"
            " does not exist, or may not log in from this host or without TLS.",
            code="login_refused",
            next_step="Correct rotation_onboard_user or the password, then run the same command again.",
        ) from None


def _wanted(request: OnboardRequest) -> Login:
    if request.source:
        return _taken_over(request.source)
    if request.login and request.login.host and request.login.password:
        return request.login
    raise RotationError(
        "No host to log in to, or no present password, was given.",
        code="credentials_missing",
        next_step="Set rotation_onboard_host, and rotation_onboard_password (from a vault), or"
        " rotation_onboard_password_file, or rotation_onboard_source_secret_id for this client.",
    )


def _taken_over(source: SecretStore) -> Login:
    try:
        return source.read(stage=CURRENT).value.login
    except RotationError as error:
        if error.code == "aws_kms":
            error.next_step = (
                "Allow this identity kms:Decrypt on the key of the source secret, by rotation_provision_source_keys and"
                " playbooks/provision.yml, and in the key's policy if it is of another account; then run the same"
                " command again."
            )
        raise


def _is_managed(existing: SecretDescription, store: SecretStore, wanted: Login) -> bool:
    ownership.refuse_foreign_management(existing)
    if tags.VERSION not in existing.tags:
        return False
    found = store.read(stage=CURRENT).value.login
    differing = [name for name in _differing(found, wanted) if name != "password"]
    if differing:
        raise _other_contents(store, differing)
    return True


def _same_contents(store: SecretStore, wanted: Login) -> SecretVersion:
    version = store.read(stage=CURRENT)
    differing = _differing(version.value.login, wanted)
    if differing:
        raise _other_contents(store, differing)
    return version


def _differing(found: Login, wanted: Login) -> list[str]:
    return [name for name in ("host", "port", "user", "password") if getattr(found, name) != getattr(wanted, name)]


def _other_contents(store: SecretStore, differing: list[str]) -> RotationError:
    return RotationError(
        f"The secret {store.secret_id!r} exists with other contents. It differs in: {', '.join(differing)}.",
        code="secret_exists",
        next_step="Correct what was given for this client (the rotation_onboard_ variables), or name another secret"
        " in rotation_secret_id, or delete that one if it is not needed any more.",
    )


def _rows(session: Session, server: Server, wanted: Login, journal: Journal) -> list[dict[str, str]]:
    rows = dialect_of(server, encrypted=True, allow_plaintext=False).rows(session, wanted.user)
    _look_beside(rows, wanted, journal)
    row_let_in((row for row in rows if not row.problem), server.current_user, wanted.password, WITH_PASSWORD)
    return [{"row": row.name, "plugin": row.plugins, "state": _coverage(row, wanted)} for row in rows]


def _look_beside(rows: list[AccountRow], wanted: Login, journal: Journal) -> None:
    """Raise a RotationError where another password stands before the given one; warn where one is beside it."""
    opened = {row: [stored.matches(wanted.password) for stored in row.passwords] for row in rows}
    mixed = [row for row, found in opened.items() if any(found) and not all(found)]
    over = [row.name for row in mixed if not any(stored.matches(wanted.password) for stored in row.first_class)]
    if over:
        raise RotationError(
            f"The given password is only the second one of {listed(over)}; another stands before it.",
            code=FOREIGN_PRIMARY,
            next_step="Onboard with the password that stands first, or make the given one the only one there (as an"
            " administrator: ALTER USER ..., then ALTER USER ... DISCARD OLD PASSWORD); then run the same command"
            " again.",
        )
    if mixed:
        names = listed(row.name for row in mixed)
        journal.warn(
            f"Another password is valid beside the given one on {names}. A rotation is refused until it has ended, or"
            f" until the rotation may end it: {with_options(adopting(row.name for row in mixed))}"
        )


def _coverage(row: AccountRow, wanted: Login) -> str:
    if row.problem:
        return f"unfit: {row.problem.text}"
    if not row.passwords:
        return "skipped"
    return "covered" if any(stored.matches(wanted.password) for stored in row.first_class) else "foreign"


def _store(
    request: OnboardRequest, store: SecretStore, identity: Identity, wanted: Login, version_id: str, *, exists: bool
) -> dict[str, str]:
    ours = tags.rotated_tags(
        version=version_id,
        trigger=ONBOARDING,
        server_id=identity.tag,
        client=request.client,
        cycle=_first_cycle(request),
    )
    claim = identity.claiming()
    written = {**request.more_tags, **ours, **claim}
    if exists:
        store.tag(written)
        return claim
    value = _value(identity.server, wanted)
    store.create(value, version_id, written, request.kms_key_id)
    if store.read(version_id=version_id, stage=CURRENT).value != value:
        raise RotationError("The new secret does not hold what was stored in it.", code="aws_inconsistent")
    return claim


def _first_cycle(request: OnboardRequest) -> Cycle:
    """Begin the cycle so that clients onboarded on one day do not all fall due on one day."""
    now = datetime.now(UTC)
    due = first_due(request.client, now, request.cycle_days, request.calendar)
    return Cycle(now, request.cycle_days, due, mended=False)


def _value(server: Server, wanted: Login) -> SecretValue:
    document = {
        "engine": server.flavor,
        "host": wanted.host,
        "port": wanted.port,
        "username": wanted.user,
        "password": wanted.password,
    }
    return parse_secret(SecretValue(document).dump())


def _message(
    request: OnboardRequest,
    server: Server,
    session: Session,
    rows: list[dict[str, str]],
    existing: SecretDescription | None,
) -> str:
    done = ("would be " if request.check else "is ") + ("taken over" if existing else "stored")
    parts = [f"{request.client}: the password opens {server.title} at {session.place} and {done} as a secret"]
    for state, told in (("covered", "covered"), ("foreign", "foreign, left as they are"), ("skipped", "no password")):
        names = [row["row"] for row in rows if row["state"] == state]
        if names:
            parts.append(f"{told}: {', '.join(names)}")
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
    told = f"the secret {existing.name!r} is under management already; nothing to store{tagged}{replication.told()}"
    return {
        "changed": bool(replication.added or missing),
        "msg": f"{request.client}: {told}",
        "client": request.client,
        "secret_id": existing.name,
        "rows": [],
        "replicas": replication.result(),
        "warnings": list(journal.warnings),
        "diff": {"before": {}, "after": {**missing, **_regions(replication)}},
    }
