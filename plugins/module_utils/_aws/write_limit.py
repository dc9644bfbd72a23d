# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to Secrets Manager kept below a share of AWS's quota, over all workers of one controller.

AWS takes 50 writes of each kind a second from an account in a region, does not raise that, and throttles the rest
(https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html). The workers are forks of the
process that imports this file, so they share the page that is made here. It holds, for each quota, the moment up to
which all writes are spent: all that a token bucket needs.

A rotation takes the writes that it needs together, before the first of them, so it never waits with a password half
changed. All accounts and regions count as one, which is on the safe side. A module that is shipped to another host is
a process of its own and counts alone, so for it the limit is off.
"""

from __future__ import annotations

import mmap
import time
from collections import Counter
from collections.abc import Callable

from .._codes import Code
from .._errors import RotationError
from .forks import ForkLocks, shared_memory

DEFAULT_SHARE = 0.8
PER_SECOND = 50
# Four rotations may begin in the same moment; with the default share a second still sees less than the quota.
BURST = 8
# A write that was not reserved goes after so many seconds in any case: AWS and its library know how to slow down.
PATIENCE = 5.0
VERSIONS, TAGS, SECRETS = range(3)
QUOTAS = {
    "put_secret_value": VERSIONS,
    "update_secret_version_stage": VERSIONS,
    "replicate_secret_to_regions": VERSIONS,
    "tag_resource": TAGS,
    "create_secret": SECRETS,
}
# Put and promote; a tag before and one after them.
ROTATION = Counter({VERSIONS: 2, TAGS: 2})


class Ledger:
    """The writes that each quota has spent, in memory that is shared with all forks made later."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Make the memory; the clock has to be the same one in all processes, as the monotonic one is."""
        self._until = memoryview(shared_memory(mmap.PAGESIZE)).cast("d")
        self._locks = ForkLocks()
        self._clock = clock

    def take(self, quota: int, writes: int, per_second: float, patience: float) -> float | None:
        """Take so many writes and return the seconds until they may be sent; None where they are too many to take."""
        with self._locks.lock():
            now = self._clock()
            until = max(self._until[quota], now) + writes / per_second
            wait = max(0.0, until - now - BURST / per_second)
            if wait > patience:
                return None
            self._until[quota] = until
        return wait


# Made here, so before the forks.
LEDGER = Ledger()


class Writes:
    """The writes of one run: what it has reserved, and how long it waited."""

    def __init__(self, share: float, ledger: Ledger = LEDGER) -> None:
        """Take the share of the quota that all runs of the controller may use together; 0 is no limit.

        Raises RotationError where it is no share.
        """
        if not 0 <= share <= 1:
            raise RotationError(
                "The share of AWS's write quota must be from 0 (no limit) to 1.",
                code=Code.INVALID_OPTION,
                next_step="Set {option|write_share} to a share from 0 to 1, such as 0.8.",
            )
        self.waited = 0.0
        self._per_second = share * PER_SECOND
        self._ledger = ledger
        self._reserved: Counter[int] = Counter()

    def reserve(self, patience: float) -> None:
        """Take what one rotation writes, as far as it is not there, and wait until all of it may be sent.

        Raises RotationError where that would be longer than ``patience`` seconds.
        """
        missing = ROTATION - self._reserved if self._per_second else {}
        waits = [self._ledger.take(quota, writes, self._per_second, patience) for quota, writes in missing.items()]
        possible = [wait for wait in waits if wait is not None]
        if len(possible) < len(waits):
            raise RotationError(
                "AWS write quota exhausted: waiting for it would exceed {option|deadline}.",
                code=Code.WRITE_LIMIT,
                next_step="Run fewer at a time (--forks) or raise {option|deadline}; then run the same command again.",
            )
        self._reserved.update(missing)
        self._pause(max(possible, default=0.0))

    def await_turn(self, operation: str) -> None:
        """Wait until one call may be sent: not at all for a read or a write that was reserved."""
        quota = QUOTAS.get(operation)
        if quota is None or not self._per_second:
            return
        if self._reserved[quota]:
            self._reserved[quota] -= 1
            return
        self._pause(self._ledger.take(quota, 1, self._per_second, PATIENCE) or 0.0)

    def _pause(self, seconds: float) -> None:
        if seconds:
            time.sleep(seconds)
            self.waited += seconds
