# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server writes down by itself: hashes, never a password. Nothing else may be found anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from canaries import HASH, ROLLBACK_HASH

LOGS = ("general log", "slow log", "performance_schema", "process list")


@dataclass(frozen=True)
class Inherent:
    """Which kind of secret may be in which sinks, and why; `form` is what has to be in the name of the place."""

    sinks: frozenset[str]
    kinds: frozenset[str]
    reason: str
    form: str = ""


INHERENT = (
    Inherent(
        frozenset({"MySQL: binary log"}),
        frozenset({HASH, ROLLBACK_HASH}),
        "MySQL writes `ALTER USER` into its binary log with the hash that it has made, for replicas",
    ),
    Inherent(
        frozenset({"MySQL: process list"}),
        frozenset({HASH}),
        "its process list can show that statement for a moment, in that form (seen once, with 60 changes at a time)",
        form="IDENTIFIED WITH '...' AS '...'",
    ),
    Inherent(
        frozenset(f"MySQL: {name}" for name in LOGS),
        frozenset({ROLLBACK_HASH}),
        "a rollback, and nothing else, sends MySQL a hash, because the password is one that the account had before",
    ),
    Inherent(
        frozenset(f"MariaDB: {name}" for name in (*LOGS, "binary log")),
        frozenset({HASH, ROLLBACK_HASH}),
        "MariaDB, which writes every statement as it is, gets hashes instead of passwords",
    ),
)


def is_inherent(sink: str, place: str, kind: str) -> bool:
    """Whether such a secret may be there."""
    return any(sink in one.sinks and kind in one.kinds and one.form in place for one in INHERENT)
