# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server writes down by itself: hashes, never a password. Nothing else may be found anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from canaries import HASH, ROLLBACK_HASH

LOGS = ("general log", "slow log", "performance_schema", "process list")


@dataclass(frozen=True)
class Inherent:
    """Which kinds of secrets may be in which sinks, and why."""

    sinks: frozenset[str]
    kinds: frozenset[str]
    reason: str


INHERENT = (
    Inherent(
        frozenset({"MySQL: binary log"}),
        frozenset({HASH, ROLLBACK_HASH}),
        "MySQL writes `ALTER USER` into its binary log with the hash that it has made, for replicas",
    ),
    Inherent(
        frozenset(f"MySQL: {name}" for name in LOGS),
        frozenset({ROLLBACK_HASH}),
        "a rollback sends MySQL a hash, because the password is one that the account had before",
    ),
    Inherent(
        frozenset(f"MariaDB: {name}" for name in (*LOGS, "binary log")),
        frozenset({HASH, ROLLBACK_HASH}),
        "MariaDB, which writes every statement as it is, gets hashes instead of passwords",
    ),
)


def is_inherent(sink: str, kind: str) -> bool:
    """Whether such a secret may be there."""
    return any(sink in one.sinks and kind in one.kinds for one in INHERENT)
