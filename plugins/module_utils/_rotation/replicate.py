# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replica regions at onboarding: add those that are missing, remove none, and say which of them AWS could not make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .._aws.replica import Replica
from .._aws.secret_store import SecretDescription, SecretStore
from .._context.journal import Journal
from .._context.request import DEFAULT_REPLICA_WAIT
from .._decision.decision import listed
from .._errors import RotationError, SwapLost
from .._steps.replicas import await_replicas


@dataclass(frozen=True)
class ReplicaRequest:
    """The regions, each with the KMS key to use there or None, and how many seconds to wait for AWS to be done."""

    regions: Mapping[str, str | None] = field(default_factory=dict)
    wait: float = DEFAULT_REPLICA_WAIT
    check: bool = False


@dataclass(frozen=True)
class Replication:
    """What came of it: the regions that were added, or in check mode would be, and all replicas there are."""

    added: tuple[str, ...]
    replicas: tuple[Replica, ...]
    check: bool

    def message(self) -> str:
        """Return what was added; empty where nothing was."""
        done = "would be replicated" if self.check else "replicated"
        return f"; {done} to {listed(self.added)}" if self.added else ""

    def result(self) -> list[dict[str, Any]]:
        """Return the replicas as plain data."""
        return [asdict(replica) for replica in self.replicas]


def replicate(
    request: ReplicaRequest, store: SecretStore, journal: Journal, existing: SecretDescription | None
) -> Replication:
    """Add the regions that the secret does not have yet; warn of those that failed.

    Raises RotationError where AWS takes no such request: the secret stays as it is, and the same command adds them.
    """
    there = existing.replicas if existing else ()
    names = {replica.region for replica in there}
    missing = {region: key for region, key in request.regions.items() if region not in names}
    if missing and not request.check:
        with journal.step("replicate"):
            there = _add(store, missing, request.wait)
    for replica in there:
        if replica.failed:
            journal.warn(f"The secret is not replicated to {replica}. What to do: docs/runbook.md.")
    return Replication(tuple(missing), there, request.check)


def _add(store: SecretStore, missing: Mapping[str, str | None], wait: float) -> tuple[Replica, ...]:
    try:
        store.replicate(missing)
    except RotationError as error:
        error.state = f"The secret is under management and has no replica in {listed(missing)} yet."
        if isinstance(error, SwapLost):
            error.next_step = (
                "Correct {option|onboard.replica}: regions that are enabled for the account, not the secret's own, and"
                " keys that are there. Then run the same command again."
            )
        raise
    return await_replicas(store, wait)
