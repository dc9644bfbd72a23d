# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that hangs as a machine does that has lost its network, and goes on."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from world.databases import DatabaseServer
from world.processes import Process

PATIENCE = 10.0


def freeze(server: DatabaseServer) -> None:
    """Stop a server; when this returns, none of its threads answers anything."""
    process = _process(server)
    process.send(signal.SIGSTOP)
    limit = time.monotonic() + PATIENCE
    # The signal is sent at once, but a thread on another core goes on until it sees it.
    while not all(state == "T" for state in _states(process)):
        assert time.monotonic() < limit, f"{server.name} did not stop"
        time.sleep(0.001)


def thaw(server: DatabaseServer) -> None:
    """Let it go on."""
    _process(server).send(signal.SIGCONT)


def _process(server: DatabaseServer) -> Process:
    assert server.process is not None
    return server.process


def _states(process: Process) -> list[str]:
    threads = Path(f"/proc/{process.pid}/task").glob("*/stat")
    # proc(5): the state comes after the name, which is in brackets and may hold anything.
    return [thread.read_text().rpartition(")")[2].split()[0] for thread in threads]
