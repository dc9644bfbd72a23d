# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and ends child processes, and only those."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# linux/prctl.h
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
# Resolved before any fork: a child must not load libraries.
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Process:
    """A process that was started here, with words of its command line that tell it from a later one of the same id."""

    pid: int
    marker: str

    @property
    def alive(self) -> bool:
        """Return True if it still runs. A process that waits only for its parent has no command line."""
        try:
            words = Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            return False
        return self.marker.encode() in words.replace(b"\0", b" ")

    def send(self, number: signal.Signals) -> None:
        """Send a signal if it is still the same process."""
        if self.alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return


def start(
    command: Sequence[str], marker: str, log: Path, *, tied: bool, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own; a tied one is killed when the thread that started it ends.

    Start tied processes from the main thread, or they end with a worker thread.
    """
    if marker not in " ".join(command):
        raise ValueError("the marker is not part of the command line")
    parent = os.getpid()
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
            preexec_fn=(lambda: die_with(parent)) if tied else None,
        )


def die_with(parent: int) -> None:
    """Have the kernel kill this process with its parent, however the parent ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def adopt_orphans() -> None:
    """Have the kernel give this process those whose parent ends before them, below it."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


def end(processes: Iterable[Process], grace: float = 15.0) -> None:
    """End these processes together: ask, wait, and kill what has not ended by then."""
    waiting = list(processes)
    for process in waiting:
        process.send(signal.SIGTERM)
    for deadline, number in ((grace, signal.SIGKILL), (5.0, signal.SIGKILL)):
        limit = time.monotonic() + deadline
        while any(process.alive for process in waiting) and time.monotonic() < limit:
            time.sleep(0.02)
        for process in waiting:
            process.send(number)


def free_port() -> int:
    """Return a loopback port that nothing listened on a moment ago; the caller copes with losing the race for it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
