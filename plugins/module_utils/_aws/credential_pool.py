# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary credentials that all workers of one controller use, fetched by whichever needs them first.

Every task of every client runs in a process of its own, and each would ask STS, the instance's metadata service or a
credential_process anew. What one got lies in memory that forks share: never in a file, never in a core file. A process
that was not forked from the one that imported this, such as a module on another host, has a pool of its own.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from hashlib import sha256

from .forks import ForkLocks, erase, shared_memory

SLOTS, SLOT_SIZE = 2048, 8192
# So many slots are looked at for one key; where none of them is free, the first is overwritten.
PROBES = 16
# The digest of the key; the moment up to which workers get the credentials, or of a failure; the length.
HEAD = struct.Struct("=32sdI")
# The SDK renews what has less time left (its advisory refresh), so that a run never begins with less.
MARGIN = 900.0
# Workers get credentials without a known end for so long.
UNDATED = 900.0


@dataclass(frozen=True)
class TemporaryCredentials:
    """Credentials, how the SDK got them, and when they end, in seconds; None where they do not say."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)
    method: str
    expires: float | None

    def fresh_until(self, now: float) -> float:
        """Return the moment up to which others may begin to use them; never past their end."""
        if self.expires is None:
            return now + UNDATED
        remaining = self.expires - now
        return now + max(remaining - MARGIN, remaining / 2)


class CredentialPool:
    """Credentials by key. One process at a time fetches those of one key; the others wait and take what it got."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Make the memory, which forks made later share."""
        self._memory = shared_memory(SLOTS * SLOT_SIZE)
        self._locks = ForkLocks()
        self._clock = clock

    def obtain(self, key: str, fetch: Callable[[], TemporaryCredentials | None]) -> TemporaryCredentials | None:
        """Return the credentials of a key, or fetch them; None where there are none to share.

        Whoever waited while another one failed does not wait again, so that the failures of many do not queue up.
        """
        digest, came = sha256(key.encode()).digest(), self._clock()
        credentials, _failed = self._read(digest)
        if credentials:
            return credentials
        with self._locks.lock(1 + int.from_bytes(digest[:6], "big")):
            credentials, failed = self._read(digest)
            if credentials:
                return credentials
            if failed < came:
                return self._fetch(digest, fetch)
        return fetch()

    def clear(self) -> None:
        """Forget everything."""
        with self._locks.lock():
            erase(self._memory)

    def _fetch(self, digest: bytes, fetch: Callable[[], TemporaryCredentials | None]) -> TemporaryCredentials | None:
        credentials = None
        try:
            credentials = fetch()
        finally:
            self._write(digest, credentials)
        return credentials

    def _read(self, digest: bytes) -> tuple[TemporaryCredentials | None, float]:
        """Return the credentials that are still fresh, and when fetching them failed last."""
        with self._locks.lock():
            for place in _places(digest):
                slot_digest, until, length = HEAD.unpack_from(self._memory, place)
                if slot_digest != digest:
                    continue
                if not length:
                    return None, until
                start = place + HEAD.size
                fresh = until > self._clock()
                body = self._memory[start : start + length]
                return (TemporaryCredentials(**json.loads(body)) if fresh else None), 0.0
        return None, 0.0

    def _write(self, digest: bytes, credentials: TemporaryCredentials | None) -> None:
        now = self._clock()
        body = json.dumps(asdict(credentials)).encode() if credentials else b""
        if len(body) > SLOT_SIZE - HEAD.size:  # nobody sees it; everybody then fetches, as without a pool
            body = b""
        until = credentials.fresh_until(now) if credentials and body else now
        with self._locks.lock():
            place = self._place(digest, now)
            HEAD.pack_into(self._memory, place, digest, until, len(body))
            self._memory[place + HEAD.size : place + HEAD.size + len(body)] = body

    def _place(self, digest: bytes, now: float) -> int:
        """Return the slot to write to: the key's own, or one that is free or over, or the first."""
        heads = {place: HEAD.unpack_from(self._memory, place) for place in _places(digest)}
        own = [place for place, head in heads.items() if head[0] == digest]
        free = [place for place, head in heads.items() if head[1] <= now]
        return next(iter([*own, *free, *heads]))


def _places(digest: bytes) -> list[int]:
    first = int.from_bytes(digest[:4], "big")
    return [(first + step) % SLOTS * SLOT_SIZE for step in range(PROBES)]
