# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text that one of many processes gets for all of them, in memory that forks share."""

from __future__ import annotations

import struct
from collections.abc import Callable
from hashlib import sha256

from .forks import ForkLocks, shared_memory

SIZE = 1 << 20
# The digest of the key, and the length of the text.
HEAD = struct.Struct("=32sI")


class SharedText:
    """The text of one key. Made before the forks that are to share it; a process on another host has its own."""

    def __init__(self) -> None:
        """Make the memory."""
        self._memory = shared_memory(SIZE)
        self._locks = ForkLocks()

    def obtain(self, key: str, fetch: Callable[[], str]) -> str:
        """Return the text of a key, or fetch it while the others wait."""
        digest = sha256(key.encode()).digest()
        with self._locks.lock():
            text = self._read(digest)
            return self._write(digest, fetch()) if text is None else text

    def keep(self, key: str, text: str) -> None:
        """Hold a text for a key instead of the former one."""
        with self._locks.lock():
            self._write(sha256(key.encode()).digest(), text)

    def _read(self, digest: bytes) -> str | None:
        stored_digest, length = HEAD.unpack_from(self._memory)
        return self._memory[HEAD.size : HEAD.size + length].decode() if stored_digest == digest else None

    def _write(self, digest: bytes, text: str) -> str:
        body = text.encode()
        if len(body) <= SIZE - HEAD.size:  # or else everybody fetches it
            self._memory[HEAD.size : HEAD.size + len(body)] = body
            HEAD.pack_into(self._memory, 0, digest, len(body))
        return text
