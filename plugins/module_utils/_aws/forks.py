# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory and locks that a process shares with the forks that it makes later, and with nobody else."""

from __future__ import annotations

import fcntl
import mmap
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import RLock
from typing import Any


def shared_memory(size: int) -> mmap.mmap:
    """Return memory without a file, which no core file holds."""
    memory = mmap.mmap(-1, size)
    with suppress(AttributeError, OSError):  # Linux
        memory.madvise(mmap.MADV_DONTDUMP)
    return memory


def erase(memory: mmap.mmap) -> None:
    """Make all of it zero, for all who share it; where the system can, by returning it."""
    try:
        memory.madvise(mmap.MADV_REMOVE)
    except (AttributeError, OSError):
        memory[:] = bytes(len(memory))


class ForkLocks:
    """Locks by number, for processes and threads. The kernel takes one from a process that dies; it needs a file."""

    def __init__(self) -> None:
        """Make the file, in memory where the system can: a full disk must not keep a program from starting."""
        if hasattr(os, "memfd_create"):
            self._file = os.memfd_create("dbops-rotation")
        else:
            self._file, path = tempfile.mkstemp()  # a number, which is open as long as the process lives
            os.unlink(path)
        # The kernel's locks belong to a process, and what one of its threads lets go is lost to all of them.
        self._threads: defaultdict[int, AbstractContextManager[Any]] = defaultdict(RLock)

    @contextmanager
    def lock(self, number: int = 0) -> Iterator[None]:
        """Hold one lock."""
        with self._threads[number]:
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, number)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)
