# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replica regions: wait, for a while, until they have what AWSCURRENT is now."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from .._aws.replica import Replica
from .._aws.secret_store import CURRENT, SecretDescription, SecretStore
from .._context.context import RotationContext

# AWS may answer with the state of before for a moment, so nobody asks at once.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 8.0
UNKNOWN = "not known yet"


def lagging(replicas: Iterable[Replica]) -> tuple[Replica, ...]:
    """Return those that may still give out what was AWSCURRENT before."""
    return tuple(replica for replica in replicas if replica.lags)


def catch_up(context: RotationContext) -> tuple[Replica, ...]:
    """Wait for the replicas, as long as this run may in all, and give those that still lag."""
    began = time.monotonic()
    with context.journal.step("replicas"):
        patience = min(context.regions.patience, context.deadline.spare())
        context.regions.replicas = await_replicas(context.store, patience, context.current.version_id)
    context.regions.patience = max(0.0, context.regions.patience - (time.monotonic() - began))
    return lagging(context.regions.replicas)


def await_replicas(store: SecretStore, seconds: float, current: str | None = None) -> tuple[Replica, ...]:
    """Ask at growing intervals until no replication is under way, at most so many seconds; give the last answer.

    ``current`` is the version that the regions have to have, where it is known.
    """
    end, pause = time.monotonic() + seconds, FIRST_PAUSE
    while True:
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
        replicas = _replicas(store.describe(), current)
        if time.monotonic() >= end or all(replica.failed for replica in lagging(replicas)):
            return replicas
        pause = min(2 * pause, LONGEST_PAUSE)


def _replicas(secret: SecretDescription, current: str | None) -> tuple[Replica, ...]:
    """Return the replicas of an answer; one of before the move of AWSCURRENT only proves that a region has failed."""
    if current in (None, secret.holder(CURRENT)):
        return secret.replicas
    return tuple(replica if replica.failed else replace(replica, status=UNKNOWN) for replica in secret.replicas)
