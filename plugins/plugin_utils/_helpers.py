# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that do the work of tasks and live as long as the run.

Ansible forks a worker for each task. Such a fork makes clients of AWS, opens connections and copies the memory that it
touches, for one client each time; a helper does that once. A worker takes a helper that is idle, or starts one, so
there are about as many as workers at a time. Each does one thing at a time and dies with whom it works for.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any, NoReturn

from ..module_utils._codes import Code
from ..module_utils._core_files import forbid_core_files
from ..module_utils._errors import ProcessLost

Result = dict[str, Any]
Work = Callable[[], Result]
# Elsewhere such a queue cannot hold what is needed, and workers do their work themselves.
POSSIBLE = sys.platform == "linux"
# Seconds that a helper gets to say how far it came, once the time of its worker is over.
LAST_WORD = 2.0


class Interrupted(BaseException):
    """The time of the worker is over; raised in whatever its helper is doing."""


class Helpers:
    """The helpers of a run: an idle one sends a connection to itself to a queue, which all workers share."""

    def __init__(self) -> None:
        """Make the queue, before the forks. It has no name, so no other process can come to it."""
        if POSSIBLE:
            pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for end in pair:
                end.setblocking(False)
            # Python warns of a socket that is open at the end; these are open as long as the process lives.
            self._idle, self._offers = (end.detach() for end in pair)

    def do(self, work: Work) -> Result:
        """Have a helper call this, and return what it returns; both have to be such as can be pickled.

        Without a helper, for want of processes or descriptors, it is called here. Raises ProcessLost where the helper
        ended before it answered.
        """
        forbid_core_files()
        helper = self._handed_over(work) if POSSIBLE else None
        if helper is None:
            return work()
        with helper:
            return _answer(helper)

    def _handed_over(self, work: Work) -> Connection | None:
        """Return the connection to a helper that has the work; one that died while it was idle takes none."""
        while True:
            try:
                helper = self._taken() or self._started()
            except OSError:
                return None
            try:
                helper.send(work)
            except ConnectionError:
                helper.close()
            else:
                return helper

    def _taken(self) -> Connection | None:
        try:
            with _socket(self._idle) as idle:
                descriptors = socket.recv_fds(idle, 1, 1)[1]
        except BlockingIOError:
            return None
        return Connection(descriptors[0]) if descriptors else None

    def _started(self) -> Connection:
        ours, its = Pipe()
        with its:
            if not os.fork():
                ours.close()
                self._serve(its)
        return ours

    def _serve(self, worker: Connection) -> NoReturn:
        """Work until nobody of the run is left, or a work has failed: what this process keeps may be the reason."""
        try:
            os.setsid()  # Ansible ends a worker with its whole process group
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            os.close(self._idle)  # the queue ends with the last one who may take a helper from it
            while _work_for(worker):
                worker = self._offered()
        finally:
            os._exit(0)  # what lies below on the stack is the worker's

    def _offered(self) -> Connection:
        ours, its = Pipe()
        with its, _socket(self._offers) as offers:
            socket.send_fds(offers, [b"\n"], [its.fileno()])
        return ours


@contextmanager
def _socket(descriptor: int) -> Iterator[socket.socket]:
    """Use a descriptor as a socket for a moment."""
    made = socket.socket(fileno=descriptor)
    try:
        yield made
    finally:
        made.detach()


def _answer(helper: Connection) -> Result:
    try:
        answer: Result = helper.recv()
    except (EOFError, OSError):
        raise _lost() from None
    except Exception:
        raise
    except BaseException:  # Ansible's task timeout is no Exception
        if helper.poll():  # half of an answer may have been read
            raise
        helper.send_bytes(b"stop")
        if not helper.poll(LAST_WORD):
            raise
        answer = helper.recv()
    return answer


def _work_for(worker: Connection) -> bool:
    """Do the work of one worker, if it gives any; tell whether another one may follow."""
    with worker:
        try:
            work: Work = worker.recv()
        except (EOFError, OSError):
            return True
        done = threading.Event()
        signal.signal(signal.SIGALRM, lambda *_signal: _interrupt(done))
        watch = threading.Thread(target=_watch, args=(worker, done), daemon=True)
        watch.start()
        result = work()
        done.set()
        with suppress(OSError):
            worker.send(result)
        watch.join()
    return not result.get("failed")


def _watch(worker: Connection, done: threading.Event) -> None:
    """End the work where its worker says so, and this process, with all it started, where the worker ends first."""
    with suppress(EOFError, OSError):
        worker.recv_bytes()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
        worker.recv_bytes()
    if not done.is_set():
        os.killpg(0, signal.SIGKILL)


def _interrupt(done: threading.Event) -> None:
    if not done.is_set():
        raise Interrupted


def _lost() -> ProcessLost:
    return ProcessLost(
        "The helper process that did the work ended before it told the result (killed, perhaps for want of memory).",
        code=Code.INTERRUPTED,
        next_step="Run the same command again, which finishes what it finds.",
    )


# Made here, so before the forks.
HELPERS = Helpers()
