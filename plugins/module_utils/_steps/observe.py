# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was seen of the secret and the server to the facts that a decision is made from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .._aws.secret_store import PENDING, PREVIOUS, SecretDescription
from .._context.context import RotationContext
from .._context.request import PROMOTE, STORE
from .._cycle import tags
from .._cycle.effective import EffectiveCycle
from .._cycle.tags import Cycle
from .._db.hashes import StoredPassword
from .._db.policy import policy_rules
from .._db.rows import AccountRow
from .._decision.facts import Facts, PendingFacts, RowFacts
from .._password import could_have_generated
from .._stamp import stamp
from .._triggers import ON_DEMAND, ONBOARDING, RECOVERY, ROLLBACK, SCHEDULED
from .cycle import is_due, overlap_began
from .replicas import lagging

PENDING_LIFE = timedelta(days=1)


def facts_of(
    context: RotationContext,
    secret: SecretDescription,
    effective: EffectiveCycle,
    rows: tuple[AccountRow, ...],
    versions_by_hash: dict[StoredPassword, frozenset[str]],
    now: datetime,
) -> Facts:
    """Tell labels, tags and rows as the facts that a decision is made from."""
    began = overlap_began(context, secret, effective.cycle)
    overlap = tags.overlap_until(secret.tags, began)
    impossible = tags.is_impossible_overlap(secret.tags, began)
    if impossible:
        context.journal.warn(_impossible_overlap(overlap))
    overlapping = overlap is not None and now < overlap and not context.request.ignores_overlap
    return Facts(
        current=context.current.version_id,
        previous=secret.holder(PREVIOUS),
        pending=_pending(context, secret),
        recorded=secret.tags.get(tags.VERSION),
        rows=tuple(row_facts(context, row, versions_by_hash) for row in rows if row.passwords),
        trigger=_trigger(context),
        due=context.request.effective_trigger == SCHEDULED and is_due(context, secret, effective, now),
        tags_need_repair=bool(effective.tags)
        or impossible
        or _outlived(context, secret)
        or idle_pending(context, secret) is not None,
        waits_for_hooks=context.request.steps == PROMOTE,
        hooks_version=secret.tags.get(tags.WAITS_FOR_HOOKS),
        skip_reason=_skip_reason(context, secret, effective.cycle, now),
        overlapping=overlapping,
        rollback=secret.tags.get(tags.ROLLBACK),
        restorable=_restorable(context, secret),
        by_administrator=context.by_administrator,
        undecryptable=tuple(sorted(context.versions.undecryptable)),
        overlap_over=bool(secret.tags.get(tags.OVERLAP_UNTIL)) and not overlapping,
        lagging=tuple(str(replica) for replica in lagging(secret.replicas)),
        forced=context.request.force,
        refused=frozenset(tags.refused_versions(secret.tags)),
        token=_token(context),
        stores_only=context.request.steps == STORE,
    )


def _trigger(context: RotationContext) -> str:
    """Return what may be begun: nothing, once a rotation of Secrets Manager has given its new password."""
    request = context.request
    given = request.token and (context.progress.promoted or context.current.version_id == request.token)
    return RECOVERY if given else request.effective_trigger


def _token(context: RotationContext) -> str | None:
    """Return the version that Secrets Manager has reserved, until this run has put another one in its place."""
    token = context.request.token
    return token if context.progress.stored in (None, token) else None


def _impossible_overlap(overlap: datetime | None) -> str:
    if overlap is None:
        return f"The tag {tags.OVERLAP_UNTIL} of the secret is no moment, so the overlap is over."
    return (
        f"The tag {tags.OVERLAP_UNTIL} of the secret says more than the {tags.LONGEST_OVERLAP.days} days that an old"
        f" password may stay valid; the overlap ends {stamp(overlap)}."
    )


def _outlived(context: RotationContext, secret: SecretDescription) -> bool:
    """Return True if a tag speaks of a refusal that is no more, or of a server of before."""
    refused = context.current.version_id in tags.refused_versions(secret.tags)
    return refused or context.identity.is_new


def _skip_reason(context: RotationContext, secret: SecretDescription, cycle: Cycle, now: datetime) -> str:
    """Return why a rotation that a person asked for is not begun; empty where it is.

    Onboarding does not count as a rotation, and what is unfinished is finished in any case.
    """
    request, age = context.request, now - cycle.last
    first = secret.tags.get(tags.TRIGGER) == ONBOARDING
    if request.effective_trigger != ON_DEMAND or secret.tags.get(tags.VERSION) != context.current.version_id:
        return ""
    who = f"{stamp(cycle.last)} ({secret.tags.get(tags.TRIGGER)}, by {secret.tags.get(tags.BY) or 'nobody named'})"
    if request.before and cycle.last >= request.before:
        return f"The password was rotated at {who}, not before {stamp(request.before)}; it is left alone."
    if request.force or first or age >= timedelta(seconds=request.min_age):
        return ""
    return (
        f"The password was rotated {int(age.total_seconds())} seconds ago, at {who}; it is left alone, unless"
        " {option|force}=true."
    )


def _restorable(context: RotationContext, secret: SecretDescription) -> bool:
    """Return True if AWSPREVIOUS holds another password; only a rollback needs to know, and read it."""
    version_id = secret.holder(PREVIOUS)
    if context.request.trigger != ROLLBACK or version_id is None:
        return False
    version = context.versions.read_if_possible(version_id)
    return version is not None and version.value.password != context.current.value.password


def row_facts(
    context: RotationContext, row: AccountRow, versions_by_hash: dict[StoredPassword, frozenset[str]]
) -> RowFacts:
    """Tell by which versions' passwords a row is opened, and whether by one that none knows."""
    # MariaDB's methods are equal to each other, so one that is ours counts as the primary.
    primary = next((stored for stored in row.primary_passwords if versions_by_hash[stored]), row.primary_passwords[0])
    behind = [stored for stored in row.passwords if stored is not primary]
    others = [
        stored
        for stored in behind
        if stored is row.retained or not versions_by_hash[stored] & versions_by_hash[primary]
    ]
    return RowFacts(
        name=row.name,
        primary=versions_by_hash[primary],
        secondary=frozenset[str]().union(*(versions_by_hash[stored] for stored in others)) if others else None,
        login=row.name == context.server.current_user,
        adopted=row.name in context.request.adopt_rows,
        foreign=not all(versions_by_hash[stored] for stored in others),
    )


def idle_pending(context: RotationContext, secret: SecretDescription) -> str | None:
    """Return the version under AWSPENDING that introduces nothing, because it holds AWSCURRENT's password already.

    It is left where somebody edited another key of AWSCURRENT after a rotation.
    """
    version_id = _apart(context, secret)
    version = context.versions.read_if_possible(version_id) if version_id else None
    return version_id if version and version.value.password == context.current.value.password else None


def _apart(context: RotationContext, secret: SecretDescription) -> str | None:
    version_id = secret.holder(PENDING)
    return version_id if version_id != context.current.version_id else None


def _pending(context: RotationContext, secret: SecretDescription) -> PendingFacts | None:
    version_id = _apart(context, secret)
    if version_id is None or idle_pending(context, secret):
        return None
    version = context.versions.read_if_possible(version_id)
    if version is None:
        empty = version_id in context.versions.empty
        return PendingFacts(version_id, same_keys=False, reusable=False, newer=False, empty=empty)
    same_keys = version.value.same_other_keys(context.current.value)
    rules = policy_rules(context.server, context.current.value.login.user, context.request.rules)
    return PendingFacts(
        version=version_id,
        same_keys=same_keys,
        reusable=same_keys
        and version_id != secret.tags.get(tags.ROLLBACK)
        and version.created >= context.current.created
        and could_have_generated(version.value.password, rules)
        and datetime.now(UTC) - version.created < PENDING_LIFE,
        newer=version.created >= context.current.created,
    )
