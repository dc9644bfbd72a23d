# SPDX-License-Identifier: GPL-3.0-or-later
"""A share of AWS's quota of writes, held over all forks of one process, whatever becomes of one of them."""

from __future__ import annotations

import os
import signal
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._aws.forks import ForkLocks
from ansible_collections.dbops.rotation.plugins.module_utils._aws.write_limit import (
    BURST,
    PATIENCE,
    PER_SECOND,
    ROTATION,
    SECRETS,
    TAGS,
    VERSIONS,
    Ledger,
    Writes,
)
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError

PUT, PROMOTE, TAG = "put_secret_value", "update_secret_version_stage", "tag_resource"
FOREVER = 1e6
# So many a second, of which binary fractions give exact moments, and the share of the quota that this is.
EIGHT = 8.0
SHARE = EIGHT / PER_SECOND


class Clock:
    """A clock that stands until somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "sleep", made.sleep)
    return made


@pytest.fixture
def ledger(clock: Clock) -> Ledger:
    return Ledger(clock)


def take(ledger: Ledger, writes: int = 1, patience: float = FOREVER) -> float | None:
    return ledger.take(VERSIONS, writes, EIGHT, patience)


def test_after_a_burst_every_write_has_its_own_moment(ledger: Ledger) -> None:
    assert [take(ledger) for _index in range(BURST)] == [0.0] * BURST
    assert [take(ledger) for _index in range(3)] == [0.125, 0.25, 0.375]


def test_a_long_pause_saves_up_no_more_than_a_burst(ledger: Ledger, clock: Clock) -> None:
    take(ledger, BURST + 5)
    clock.sleep(3600)
    assert [take(ledger) for _index in range(BURST)] == [0.0] * BURST
    assert take(ledger) == 0.125


def test_a_turn_that_would_come_too_late_takes_nothing(ledger: Ledger) -> None:
    take(ledger, BURST + 20)
    assert take(ledger, patience=2.0) is None
    assert take(ledger) == 21 / EIGHT


def test_every_quota_counts_for_itself(ledger: Ledger) -> None:
    take(ledger, 100)
    assert ledger.take(TAGS, 1, EIGHT, 0) == ledger.take(SECRETS, 1, EIGHT, 0) == 0.0


def test_a_rotation_waits_once_and_before_its_first_write(ledger: Ledger, clock: Clock) -> None:
    for _index in range(50):
        run, before = Writes(SHARE, ledger), clock.now
        run.reserve(FOREVER)
        reserved = clock.now
        for operation in (TAG, PUT, "get_secret_value", PROMOTE, TAG, "describe_secret"):
            run.await_turn(operation)
        assert clock.now == reserved and run.waited == pytest.approx(reserved - before)
    assert clock.now - 1000 == pytest.approx((50 * ROTATION[VERSIONS] - BURST) / EIGHT)


def test_what_a_rotation_writes_beyond_its_reservation_waits_too(ledger: Ledger) -> None:
    run = Writes(SHARE, ledger)
    run.reserve(FOREVER)
    take(ledger, BURST + 20)
    for operation in (PUT, PROMOTE):
        run.await_turn(operation)
    assert run.waited == 0
    run.await_turn(PUT)
    assert run.waited > 0


def test_a_second_look_reserves_only_what_is_missing(ledger: Ledger) -> None:
    run = Writes(SHARE, ledger)
    for _index in range(100):
        run.reserve(0)
    run.await_turn(PUT)
    run.reserve(0)
    assert [take(ledger) for _index in range(BURST - 3)] == [0.0] * (BURST - 3)
    assert take(ledger)


def test_a_rotation_whose_turn_comes_too_late_is_not_begun(ledger: Ledger) -> None:
    take(ledger, 1000)
    run = Writes(SHARE, ledger)
    assert refusal_of(run.reserve, 90).code == "write_limit" and run.waited == 0


def test_a_write_that_nobody_reserved_goes_after_a_while_in_any_case(ledger: Ledger) -> None:
    take(ledger, 1000)
    run = Writes(SHARE, ledger)
    run.await_turn(TAG)
    run.await_turn(PUT)
    assert run.waited <= PATIENCE


def test_no_share_is_no_limit(ledger: Ledger) -> None:
    run = Writes(0, ledger)
    for _index in range(1000):
        run.reserve(0)
        run.await_turn(PUT)
    assert run.waited == 0 and take(ledger, BURST) == 0


@pytest.mark.parametrize("share", [-0.1, 1.01, float("nan")])
def test_what_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(RotationError, match="rotation_write_share"):
        Writes(share)


@contextmanager
def forked(work: Callable[[], object]) -> Iterator[int]:
    """A fork that does this and nothing else; it is ended at the latest here."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    try:
        yield child
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Fail where this takes longer."""

    def too_long(*_about: object) -> None:
        raise AssertionError(f"still waiting after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_processes_that_write_without_pause_get_the_rate_together() -> None:
    ledger, per_second, processes, each = Ledger(), 200.0, 10, 20
    reading, writing = os.pipe()

    def write() -> None:
        for _index in range(each):
            time.sleep(ledger.take(TAGS, 1, per_second, FOREVER) or 0)
            os.write(writing, struct.pack("d", time.monotonic()))

    with at_most(20):
        for child in [fork_off(write) for _index in range(processes)]:
            assert os.waitpid(child, 0)[1] == 0
    sent = sorted(moment for (moment,) in struct.iter_unpack("d", os.read(reading, 8 * processes * each)))
    assert len(sent) == processes * each
    assert sent[-1] - sent[0] >= (len(sent) - BURST) / per_second * 0.95
    for first in range(len(sent) - 101):
        assert sent[first + 100] - sent[first] >= (100 - BURST) / per_second * 0.7


def test_threads_of_one_process_wait_for_each_other() -> None:
    locks, inside, most = ForkLocks(), 0, 0

    def hold(_index: int) -> None:
        nonlocal inside, most
        with locks.lock():
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    with at_most(20), ThreadPoolExecutor(5) as pool:
        list(pool.map(hold, range(10)))
    assert most == 1


def fork_off(work: Callable[[], object]) -> int:
    child = os.fork()
    if not child:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def test_a_process_that_is_killed_while_it_counts_holds_nobody_up() -> None:
    ledger = Ledger()
    reading, writing = os.pipe()

    def hold() -> None:
        with ledger._locks.lock():
            os.write(writing, b"x")
            time.sleep(60)

    with forked(hold) as child, at_most(5):
        os.read(reading, 1)
        waiting = fork_off(lambda: take(ledger))
        time.sleep(0.1)
        assert os.waitpid(waiting, os.WNOHANG) == (0, 0)
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(waiting, 0)[1] == 0


def test_a_process_that_is_killed_while_it_waits_holds_nobody_up() -> None:
    ledger = Ledger()
    take(ledger, BURST)
    reading, writing = os.pipe()

    def wait() -> None:
        turn = take(ledger) or 0
        os.write(writing, b"x")
        time.sleep(turn + 60)

    with forked(wait) as child, at_most(5):
        os.read(reading, 1)
        os.kill(child, signal.SIGKILL)
        assert (take(ledger) or 0) <= 2 / EIGHT
