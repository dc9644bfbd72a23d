# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The copies of a secret in other regions, as Secrets Manager reports them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._clean import one_line

IN_SYNC, FAILED = "InSync", "Failed"
MESSAGE_LENGTH = 200


@dataclass(frozen=True)
class Replica:
    """One replica region; ``message`` is AWS's own word on a replication that failed."""

    region: str
    status: str
    message: str = ""

    @property
    def lags(self) -> bool:
        """Return True if the region may still return the former AWSCURRENT."""
        return self.status != IN_SYNC

    @property
    def failed(self) -> bool:
        """Return True if AWS gave up, so that waiting is of no use."""
        return self.status == FAILED

    def __str__(self) -> str:
        """Return the region with what is wrong there."""
        reason = f": {self.message.rstrip('.')}" if self.failed and self.message else ""
        return f"{self.region} ({self.status}{reason})"


def replicas_of(answer: Mapping[str, Any]) -> tuple[Replica, ...]:
    """Return the replicas that an answer of DescribeSecret or ReplicateSecretToRegions names."""
    replicas = (_replica(one) for one in answer.get("ReplicationStatus", ()))
    return tuple({replica.region: replica for replica in replicas}.values())


def _replica(status: Mapping[str, Any]) -> Replica:
    message = one_line(status.get("StatusMessage") or "", MESSAGE_LENGTH)
    return Replica(status["Region"], status.get("Status") or "unknown", message)
