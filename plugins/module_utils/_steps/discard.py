# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 10 of the protocol: the old password ends, or stays valid for a while on purpose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from .._aws.replica import Replica
from .._context.context import RotationContext
from .._context.progress import Stage
from .._cycle.tags import overlap_until
from .._db.rows import Change
from .._decision.decide import held_by_replicas
from .._decision.decision import Action, Decision, kept_for, listed
from .._stamp import stamp
from .._triggers import UNATTENDED
from .cycle import overlap_began
from .look import View
from .promote import refuse_moved_label
from .replicas import catch_up, lagging
from .rows import having, read_rows


def discard_or_keep(context: RotationContext, view: View, decision: Decision) -> datetime | None:
    """End the old password, or leave it until its overlap is over. Return that moment; None where it has ended."""
    kept_until = _kept_until(context, view)
    if not kept_until and decision.action is not Action.RECORD:
        kept_until = _discard(
            context, view, by_force=decision.action is Action.DISCARD_OLD and bool(view.facts.lagging)
        )
    if kept_until:
        context.progress.keep_until(stamp(kept_until))
    return kept_until


def keep_for_lagging(context: RotationContext, view: View, decision: Decision) -> None:
    """Note that the old password stays valid for replica regions, where that is all that was decided."""
    if decision.action in (Action.NOTHING, Action.RECORD) and held_by_replicas(view.facts):
        _keep_for(context, view.facts.lagging)


def _kept_until(context: RotationContext, view: View) -> datetime | None:
    """Return the moment until which the old password stays valid; None where it ends now.

    A run on behalf of no person keeps what another run has promised.
    """
    if context.request.overlap and context.progress.promoted:
        return context.request.overlap_end()
    promised = overlap_until(view.secret.tags, overlap_began(context, view.secret, view.cycle))
    if view.facts.overlapping and view.facts.trigger in UNATTENDED:
        return promised
    return (promised or datetime.now(UTC)) if context.progress.kept_for else None


def _keep_for(context: RotationContext, regions: Iterable[str]) -> None:
    """Note that the old password stays valid for these replica regions, and warn of it."""
    context.progress.keep_for(listed(regions))
    context.journal.warn(kept_for(regions))


def _discard(context: RotationContext, view: View, *, by_force: bool) -> datetime | None:
    """End the old password on every covered row whose primary is AWSCURRENT's.

    Where a replica region may still give it out, it stays: an overlap that is over at once, so that every scheduled run
    looks again. Returns that moment; None where the old password has ended.
    """
    waits = context.regions.replicas and context.progress.promoted and not by_force
    behind = catch_up(context) if waits else lagging(context.regions.replicas)
    with context.journal.step("discard"):
        context.fence.confirm()
        changes = _endings(context, view)
        if changes and behind and not by_force:
            _keep_for(context, [str(replica) for replica in behind])
            return datetime.now(UTC)
        _warn_of_early_end(context, view, behind)
        if changes:
            context.prove_commit()
            refuse_moved_label(context)
            context.progress.reach(Stage.DISCARDING)
            context.dialect.discard(context.session, changes)
    return None


def _endings(context: RotationContext, view: View) -> list[Change]:
    """Return the covered rows on which another password is valid beside AWSCURRENT's."""
    ours = view.with_rows(context, read_rows(context))
    holding = {row.name for row in having(context, list(ours.rows), context.current)}
    covered = tuple(row.name for row in view.facts.covered if row.name in holding)
    return [change for change in ours.changes(covered, keep=context.current) if change.replaced]


def _warn_of_early_end(context: RotationContext, view: View, behind: tuple[Replica, ...]) -> None:
    if view.facts.overlapping:
        context.journal.warn("The old password was promised to stay valid for longer (overlap); this run ended it.")
    if behind:
        context.journal.warn(
            "The old password has ended, and replica regions may still give it out; programs that read there are"
            f" refused until those have AWSCURRENT: {listed(str(replica) for replica in behind)}."
        )
