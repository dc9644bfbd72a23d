# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 11 of the protocol: the tags say, last, for which version everything is done and when it is due."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

from .._aws.secret_store import PENDING
from .._context.context import FRESH_SECONDS, RotationContext
from .._cycle import tags
from .._cycle.notice_state import ROTATED_TAGS
from .._cycle.tags import Cycle, shortened, started
from .._db.rows import AccountRow
from .._errors import RotationError
from .._finding import Finding, with_next_step
from .._stamp import stamp
from .._tag_text import tag_text
from .._triggers import ROLLBACK
from . import findings
from .cycle import is_unrecorded
from .look import View
from .observe import idle_pending


def record(
    context: RotationContext,
    view: View,
    rows: list[AccountRow],
    grants: str | None,
    overlap_until: datetime | None,
    *,
    goes_on: bool = False,
) -> None:
    """Write the tags, with what the rows and their grants were when they were read last.

    Trouble with them is only a warning where this run changed the password, which it tells, or ``goes_on`` to do so.
    Otherwise nothing that people wait for would be done: then it raises RotationError.
    """
    cycle = _cycle(context, view)
    written = tags.rotated_tags(
        version=context.current.version_id,
        trigger=_trigger(context, view),
        server_id=context.identity.tag,
        client=context.request.client,
        cycle=cycle,
    )
    written |= context.identity.written()
    if is_new(context, view):
        written |= ROTATED_TAGS | {tags.BY: tag_text(context.request.requested_by)}
    written |= _grants(context, view, grants) | _outcome(context, view, overlap_until)
    _warn_of_expiry(context, rows, cycle)
    try:
        _write(context, view, written)
    except RotationError as error:
        if not (context.progress.promoted or goes_on):
            raise
        context.journal.warn(f"The tags could not be written: {error.cause} The next run writes them.")
        _mark_as_told(context)
        if not context.progress.promoted:
            return
    context.effects.announces = is_untold(context, view)


def _write(context: RotationContext, view: View, written: dict[str, str]) -> None:
    idle = None if context.progress.promoted else idle_pending(context, view.secret)
    if idle:
        context.store.drop_pending(idle)
    sent = time.monotonic()
    context.store.tag(written)
    context.effects.recorded = written
    if time.monotonic() - sent > FRESH_SECONDS:
        _warn_if_overtaken(context)


def _warn_if_overtaken(context: RotationContext) -> None:
    """Say so where the tags came late, over those of another run: TagResource cannot compare."""
    with suppress(RotationError):
        if context.is_label_moved():
            context.journal.warn(
                "AWSCURRENT was moved while the tags were on their way, so they may have taken the place of newer ones."
                " The next scheduled run writes them again."
            )


def _mark_as_told(context: RotationContext) -> None:
    """Take AWSPENDING from the version that this run tells of, so that no later run counts it as another rotation."""
    if context.progress.promoted and context.versions.adopted != context.current.version_id:
        with suppress(RotationError):
            context.store.drop_pending(context.current.version_id)


def is_new(context: RotationContext, view: View) -> bool:
    """Return True if AWSCURRENT's password is one that no tag knows yet, so that people get a notice."""
    if context.versions.adopted == context.current.version_id:
        return False
    return context.progress.promoted or is_unrecorded(context, view.secret)


def is_untold(context: RotationContext, view: View) -> bool:
    """Return True if it is new, and no run has reported it: one that could not has taken AWSPENDING away."""
    return is_new(context, view) and (context.progress.promoted or view.secret.holder(PENDING) is not None)


def is_rollback(context: RotationContext, view: View) -> bool:
    """Return True if AWSCURRENT is a version that a rollback made."""
    return context.current.version_id in (
        context.effects.declared.get(tags.ROLLBACK),
        view.secret.tags.get(tags.ROLLBACK),
    )


def _cycle(context: RotationContext, view: View) -> Cycle:
    """Begin the cycle anew where this run gave a new password; a rollback does not."""
    if not context.progress.promoted or context.versions.adopted == context.current.version_id:
        return view.cycle
    now = datetime.now(UTC)
    return shortened(view.cycle, now) if is_rollback(context, view) else started(now, view.cycle.days)


def _trigger(context: RotationContext, view: View) -> str:
    if is_rollback(context, view):
        return ROLLBACK
    trigger = view.secret.tags.get(tags.TRIGGER)
    return context.request.trigger if is_new(context, view) or not trigger else trigger


def _outcome(context: RotationContext, view: View, overlap_until: datetime | None) -> dict[str, str]:
    """Return the tags of an overlap, a remembered refusal and an offboarding; emptied only where they are there."""
    over = (tags.OFFBOARDED, tags.OVERLAP_UNTIL, tags.REFUSED)
    outcome = {tag: "" for tag in over if view.secret.tags.get(tag)}
    # What else was refused is tried no more, but for a new password that waits still.
    waiting = view.facts.stored and not context.progress.promoted
    if waiting and view.secret.holder(PENDING) in tags.refused_versions(view.secret.tags):
        del outcome[tags.REFUSED]
    return outcome | ({tags.OVERLAP_UNTIL: stamp(overlap_until)} if overlap_until else {})


def _grants(context: RotationContext, view: View, digest: str | None) -> dict[str, str]:
    _warn(context, findings.of_grants(view.secret.tags.get(tags.GRANTS), digest))
    return {tags.GRANTS: digest} if digest else {}


def _warn_of_expiry(context: RotationContext, rows: list[AccountRow], cycle: Cycle) -> None:
    expiries = [(row.name, moment) for row in rows if (moment := row.expires(context.server))]
    _warn(context, findings.of_expiry(expiries, cycle, datetime.now(UTC)))


def _warn(context: RotationContext, entries: Iterable[Finding]) -> None:
    for finding in entries:
        context.journal.warn(with_next_step(finding))
