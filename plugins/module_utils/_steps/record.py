# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 11 of the protocol: the tags say, last, for which version everything is done and when it is due."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import PENDING
from ansible_collections.dbops.rotation.plugins.module_utils._context.context import FRESH_SECONDS, Run
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import Cycle, shortened, started
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.told import ROTATED_TAGS
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._finding import Finding, with_next_step
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp
from ansible_collections.dbops.rotation.plugins.module_utils._steps import findings
from ansible_collections.dbops.rotation.plugins.module_utils._steps.cycle import is_unrecorded
from ansible_collections.dbops.rotation.plugins.module_utils._steps.look import View
from ansible_collections.dbops.rotation.plugins.module_utils._steps.observe import idle_pending
from ansible_collections.dbops.rotation.plugins.module_utils._tag_text import tag_text
from ansible_collections.dbops.rotation.plugins.module_utils._triggers import ROLLBACK


def record(
    run: Run,
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
    cycle = _cycle(run, view)
    written = tags.rotated_tags(
        version=run.current.version_id,
        trigger=_trigger(run, view),
        server_id=run.identity.tag,
        client=run.request.client,
        cycle=cycle,
    )
    written |= run.identity.written()
    if is_new(run, view):
        written |= ROTATED_TAGS | {tags.BY: tag_text(run.request.requested_by)}
    written |= _grants(run, view, grants) | _outcome(run, view, overlap_until)
    _warn_of_expiry(run, rows, cycle)
    try:
        _write(run, view, written)
    except RotationError as error:
        if not (run.journal.promoted or goes_on):
            raise
        run.journal.warn(f"The tags could not be written: {error.cause} The next run writes them.")
        _mark_as_told(run)
        if not run.journal.promoted:
            return
    run.journal.recorded_anew = is_untold(run, view)


def _write(run: Run, view: View, written: dict[str, str]) -> None:
    idle = None if run.journal.promoted else idle_pending(run, view.secret)
    if idle:
        run.store.drop_pending(idle)
    sent = time.monotonic()
    run.store.tag(written)
    run.recorded = written
    if time.monotonic() - sent > FRESH_SECONDS:
        _warn_if_overtaken(run)


def _warn_if_overtaken(run: Run) -> None:
    """Say so where the tags came late, over those of another run: TagResource cannot be told to compare."""
    with suppress(RotationError):
        if run.is_label_moved():
            run.journal.warn(
                "AWSCURRENT was moved while the tags were on their way, so they may have taken the place of newer ones."
                " The next scheduled run writes them again."
            )


def _mark_as_told(run: Run) -> None:
    """Take AWSPENDING from the version that this run tells of, so that no later run counts it as another rotation."""
    if run.journal.promoted and run.adopted != run.current.version_id:
        with suppress(RotationError):
            run.store.drop_pending(run.current.version_id)


def is_new(run: Run, view: View) -> bool:
    """Tell whether AWSCURRENT's password is one that no tag knows yet, so that people are to be told."""
    if run.adopted == run.current.version_id:
        return False
    return run.journal.promoted or is_unrecorded(run, view.secret)


def is_untold(run: Run, view: View) -> bool:
    """Tell whether it is new, and no run has told so: one that could not write it down has taken AWSPENDING away."""
    return is_new(run, view) and (run.journal.promoted or view.secret.holder(PENDING) is not None)


def is_rollback(run: Run, view: View) -> bool:
    """Tell whether AWSCURRENT is a version that a rollback made."""
    return run.current.version_id in (run.declared.get(tags.ROLLBACK), view.secret.tags.get(tags.ROLLBACK))


def _cycle(run: Run, view: View) -> Cycle:
    """Begin the cycle anew where this run gave a new password; a rollback does not."""
    if not run.journal.promoted or run.adopted == run.current.version_id:
        return view.cycle
    now = datetime.now(UTC)
    return shortened(view.cycle, now) if is_rollback(run, view) else started(now, view.cycle.days)


def _trigger(run: Run, view: View) -> str:
    if is_rollback(run, view):
        return ROLLBACK
    kept = view.secret.tags.get(tags.TRIGGER)
    return run.request.trigger if is_new(run, view) or not kept else kept


def _outcome(run: Run, view: View, overlap_until: datetime | None) -> dict[str, str]:
    """Give the tags of an overlap and of a remembered refusal; emptied only where they are there."""
    outcome = {tag: "" for tag in (tags.OVERLAP_UNTIL, tags.REFUSED) if view.secret.tags.get(tag)}
    # What else was refused is tried no more, but for a new password that waits still.
    waiting = view.facts.stored and not run.journal.promoted
    if waiting and view.secret.holder(PENDING) in tags.refused_versions(view.secret.tags):
        del outcome[tags.REFUSED]
    return outcome | ({tags.OVERLAP_UNTIL: stamp(overlap_until)} if overlap_until else {})


def _grants(run: Run, view: View, digest: str | None) -> dict[str, str]:
    _warn(run, findings.of_grants(view.secret.tags.get(tags.GRANTS), digest))
    return {tags.GRANTS: digest} if digest else {}


def _warn_of_expiry(run: Run, rows: list[AccountRow], cycle: Cycle) -> None:
    expiries = [(row.name, moment) for row in rows if (moment := row.expires(run.server))]
    _warn(run, findings.of_expiry(expiries, cycle, datetime.now(UTC)))


def _warn(run: Run, found: Iterable[Finding]) -> None:
    for finding in found:
        run.journal.warn(with_next_step(finding))
