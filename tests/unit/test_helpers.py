# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes that do the work of tasks: one for each worker at a time, and none is left behind."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._codes import Code
from ansible_collections.dbops.rotation.plugins.module_utils._errors import ProcessLost
from ansible_collections.dbops.rotation.plugins.plugin_utils import _helpers
from ansible_collections.dbops.rotation.plugins.plugin_utils._helpers import Helpers, Interrupted

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 10
# A run in small: it starts a worker, which has a helper write its number and then sleep.
RUN = """
import os, sys, time
from functools import partial
from ansible_collections.dbops.rotation.plugins.plugin_utils._helpers import HELPERS

def work(path, seconds):
    with open(path + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(path + ".new", path)
    time.sleep(seconds)
    return {}

worker = os.fork()
if not worker:
    HELPERS.do(partial(work, sys.argv[1], float(sys.argv[2])))
    os._exit(0)
print(worker, flush=True)
os.waitpid(worker, 0)
time.sleep(60)
"""


class Late(BaseException):
    """A time limit, as Ansible's is one."""


@pytest.fixture
def helpers() -> Iterator[Helpers]:
    """Make a queue for one test; a helper of the next one must not inherit it."""
    made = Helpers()
    yield made
    os.close(made._idle)
    os.close(made._offers)


@pytest.fixture
def time_limit() -> Iterator[None]:
    """Raise in this process after a moment."""

    def late(*_signal: object) -> None:
        raise Late

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 1.5)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def tell(seconds: float = 0, failed: bool = False) -> dict[str, Any]:
    time.sleep(seconds)
    return {"failed": failed, "pid": os.getpid(), "group": os.getpgrp()}


def say_how_far_it_came(patience: float) -> dict[str, Any]:
    try:
        return tell(60)
    except Interrupted:
        time.sleep(patience)
        return {"failed": True, "state": "half done"}


def start_a_program(path: str) -> dict[str, Any]:
    Path(path).write_text(str(subprocess.Popen(["sleep", "60"]).pid))
    return tell(60)


def core_limits() -> dict[str, Any]:
    return {"limits": Path("/proc/self/limits").read_text()}


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not (found := true()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def gone(pid: int) -> bool:
    """Tell whether a process has ended; its parent may not have heard of it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except OSError:
        return True


def test_one_process_does_one_thing_after_the_other(helpers: Helpers) -> None:
    first = helpers.do(tell)["pid"]
    assert first != os.getpid()
    assert until(lambda: helpers.do(tell)["pid"] == first)


def test_what_is_done_at_once_is_done_by_several(helpers: Helpers) -> None:
    ours, its = Pipe()
    if not os.fork():
        its.send(helpers.do(partial(tell, 1.5))["pid"])
        os._exit(0)
    mine = helpers.do(partial(tell, 1.5))["pid"]
    assert ours.recv() != mine


def test_a_helper_that_dies_at_work_is_told_of(helpers: Helpers) -> None:
    with pytest.raises(ProcessLost, match="ended before it told the result") as caught:
        helpers.do(partial(os._exit, 0))
    assert (caught.value.code, "Run the same command again" in caught.value.next_step) == (Code.INTERRUPTED, True)


def test_one_that_dies_in_its_answer_is_told_of_too() -> None:
    ours, its = Pipe()
    os.write(its.fileno(), struct.pack("!i", 100) + b"half")
    its.close()
    with pytest.raises(ProcessLost):
        _helpers._answer(ours)


def test_the_place_of_one_that_died_idle_is_taken_by_another(helpers: Helpers) -> None:
    first = helpers.do(tell)["pid"]
    os.kill(first, signal.SIGKILL)
    assert until(lambda: gone(first))
    assert helpers.do(tell)["pid"] != first


def test_one_whose_work_failed_does_no_more(helpers: Helpers) -> None:
    """What it keeps may be the reason, and it would be idle more often than the others."""
    first = helpers.do(partial(tell, failed=True))["pid"]
    assert until(partial(gone, first))


def test_without_processes_the_worker_does_it_itself(helpers: Helpers, monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", fork)
    assert helpers.do(tell)["pid"] == os.getpid()


def test_where_helpers_are_not_possible_the_worker_does_it_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_helpers, "POSSIBLE", False)
    assert Helpers().do(tell)["pid"] == os.getpid()


@pytest.mark.usefixtures("time_limit")
def test_a_helper_says_how_far_it_came_when_the_time_is_over(helpers: Helpers) -> None:
    assert helpers.do(partial(say_how_far_it_came, 0)) == {"failed": True, "state": "half done"}


@pytest.mark.usefixtures("time_limit")
def test_it_is_not_waited_for_long(helpers: Helpers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_helpers, "LAST_WORD", 0.2)
    with pytest.raises(Late):
        helpers.do(partial(say_how_far_it_came, 60))


def test_what_the_work_has_started_ends_with_it(helpers: Helpers, tmp_path: Path) -> None:
    """Such as a credential_process that hangs."""
    file = tmp_path / "pid"
    worker = os.fork()
    if not worker:
        helpers.do(partial(start_a_program, str(file)))
        os._exit(0)
    assert until(lambda: file.exists() and bool(file.read_text()))
    os.kill(worker, signal.SIGKILL)
    assert until(partial(gone, int(file.read_text())))
    os.waitpid(worker, 0)


def test_the_signals_of_ansible_end_a_helper(helpers: Helpers) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        first = helpers.do(tell)["pid"]
        os.kill(first, number)
        assert until(partial(gone, first))


def test_a_helper_is_in_no_process_group_of_a_worker(helpers: Helpers) -> None:
    assert helpers.do(tell)["group"] != os.getpgrp()


def test_no_program_that_is_started_gets_the_queue(helpers: Helpers) -> None:
    """Nor can any find it: it has no name."""
    for end in (helpers._idle, helpers._offers):
        with socket.socket(fileno=os.dup(end)) as twin:
            assert (os.get_inheritable(end), twin.getsockname()) == (False, "")


def test_a_helper_writes_no_core_file(helpers: Helpers) -> None:
    limits = str(helpers.do(core_limits)["limits"])
    assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size")] == [["0", "0"]]


@pytest.fixture
def a_run(tmp_path: Path) -> Callable[[float], tuple[subprocess.Popen[str], int, int]]:
    """Start the run in small; return it, its worker and the helper at work."""

    def start(seconds: float) -> tuple[subprocess.Popen[str], int, int]:
        file = tmp_path / "helper"
        command = [sys.executable, "-c", RUN, str(file), str(seconds)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "collections")}
        run = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert run.stdout
        worker = int(run.stdout.readline())
        assert until(file.exists)
        return run, worker, int(file.read_text())

    return start


def test_a_helper_dies_with_whom_it_works_for(
    a_run: Callable[[float], tuple[subprocess.Popen[str], int, int]],
) -> None:
    """So a task's time limit, Ctrl-C and the end of a run end its work, as they did without helpers."""
    run, worker, helper = a_run(60)
    try:
        assert not gone(helper)
        os.kill(worker, signal.SIGKILL)
        assert until(partial(gone, helper))
    finally:
        run.kill()
        run.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_idle_helper_ends_with_the_run(
    a_run: Callable[[float], tuple[subprocess.Popen[str], int, int]], number: int
) -> None:
    run, worker, helper = a_run(0)
    try:
        assert until(partial(gone, worker))
        assert not gone(helper)
    finally:
        run.send_signal(number)
        # Nobody else holds the end that it writes to.
        assert run.communicate(timeout=PATIENCE)[0] == ""
    assert until(partial(gone, helper))
