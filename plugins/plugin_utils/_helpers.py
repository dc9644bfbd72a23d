# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that do the work of tasks and live as long as the run.

Ansible forks a worker for each task. Such a fork makes clients of AWS, opens connections and copies the memory that it
touches, for one client each time; a helper does that once. A worker takes a helper that is idle, or starts one, so
there are never more of them than workers at a time. Each does one thing at a time and dies with whom it works for.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from threading import Event, Thread
from typing import Any

from ..module_utils._codes import Code
from ..module_utils._core_files import forbid_core_files
from ..module_utils._errors import ProcessLost

Work = Callable[[], Any]
# Each message is one idle helper. Only Linux has the kind that queues more than a few of them.
QUEUE = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM


class Helpers:
    """The helpers of a run: an idle one sends a connection to itself to a queue, which all workers share."""

    def __init__(self) -> None:
        """Make the queue, before the forks. It has no name, so no other process can come to it."""
        self._idle, self._offers = socket.socketpair(socket.AF_UNIX, QUEUE)
        self._idle.setblocking(False)
        self._offers.setblocking(False)

    def do(self, work: Work) -> Any:
        """Have a helper call this, and return what it returns; both have to be such as can be pickled.

        Raises ProcessLost where the helper ended before that.
        """
        forbid_core_files()
        with self._handed_over(work) as helper:
            try:
                return helper.recv()
            except (EOFError, ConnectionError):
                raise _lost() from None

    def _handed_over(self, work: Work) -> Connection:
        """Return the connection to a helper that has the work; one that died while it was idle takes none."""
        while True:
            helper = self._taken() or self._started()
            try:
                helper.send(work)
            except ConnectionError:
                helper.close()
            else:
                return helper

    def _taken(self) -> Connection | None:
        try:
            descriptors = socket.recv_fds(self._idle, 1, 1)[1]
        except BlockingIOError:
            return None
        return Connection(descriptors[0])

    def _started(self) -> Connection:
        ours, its = Pipe()
        if not os.fork():
            try:
                ours.close()
                self._serve(its)
            finally:
                os._exit(0)  # what lies below on the stack is the worker's
        its.close()
        return ours

    def _serve(self, worker: Connection) -> None:
        """Work until nobody of the run is left."""
        os.setsid()  # Ansible ends a worker with its whole process group
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        self._idle.close()  # the queue ends with the last one who may take a helper from it
        with suppress(OSError):
            while True:
                _work_for(worker)
                worker = self._offered()

    def _offered(self) -> Connection:
        ours, its = Pipe()
        with its:
            socket.send_fds(self._offers, [b"\n"], [its.fileno()])
        return ours


def _work_for(worker: Connection) -> None:
    """Do the work of one worker, if it gives any."""
    with worker, suppress(EOFError, OSError):
        work: Work = worker.recv()
        done = Event()
        watch = Thread(target=_die_with, args=(worker, done), daemon=True)
        watch.start()
        result = work()
        done.set()
        worker.send(result)
        watch.join()


def _die_with(worker: Connection, done: Event) -> None:
    """End this process where the worker ends first: by a time limit, a signal, or the end of the run."""
    worker.poll(None)  # it says nothing more, so there is only its end to hear of
    if not done.is_set():
        os._exit(1)


def _lost() -> ProcessLost:
    return ProcessLost(
        "The helper process that did the work ended before it told the result (killed, perhaps for want of memory).",
        code=Code.INTERRUPTED,
        next_step="Run the same command again, which finishes what it finds.",
    )


# Made here, so before the forks.
HELPERS = Helpers()
