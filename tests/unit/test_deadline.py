# SPDX-License-Identifier: GPL-3.0-or-later
"""One limit for a whole run, which cuts a connection that would never end by itself."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._deadline import MAX_DEADLINE, Deadline

SOON = 0.1
PATIENCE = 5.0


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(PATIENCE)
    with ours, theirs:
        yield ours, theirs


def test_a_silent_peer_is_given_up_at_the_deadline(ends: tuple[socket.socket, socket.socket]) -> None:
    began = time.monotonic()
    Deadline(SOON).guard(ends[0])
    assert ends[0].recv(1) == b""
    assert SOON * 0.9 <= time.monotonic() - began < PATIENCE


def test_a_peer_that_drips_bytes_is_given_up_too(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(SOON / 10):
            try:
                theirs.send(b".")
            except OSError:
                return

    dripping = threading.Thread(target=drip)
    dripping.start()
    Deadline(SOON).guard(ours)
    received = b"".join(iter(lambda: ours.recv(1), b""))
    stop.set()
    dripping.join()
    assert received


def test_a_cancelled_guard_cuts_nothing(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    guard = Deadline(SOON).guard(ours)
    guard.cancel()
    guard.join(PATIENCE)
    time.sleep(SOON * 1.5)
    theirs.send(b".")
    assert ours.recv(1) == b"."


def test_a_connection_that_is_closed_already_is_no_trouble(ends: tuple[socket.socket, socket.socket]) -> None:
    guard = Deadline(SOON).guard(ends[0])
    for end in ends:
        end.close()
    guard.join(PATIENCE)
    assert not guard.is_alive()


def test_time_runs_out_once_and_for_all() -> None:
    deadline = Deadline(0.01)
    deadline.check()
    time.sleep(0.02)
    assert deadline.remaining() == 0
    assert refusal_of(deadline.check).code == "deadline"


@pytest.mark.parametrize("seconds", [0, -1, MAX_DEADLINE, math.inf, math.nan])
def test_a_deadline_outside_its_bounds_is_refused(seconds: float) -> None:
    assert refusal_of(Deadline, seconds).code == "invalid_option"


@pytest.mark.parametrize(("seconds", "spare"), [(120, 90), (30, 15), (2, 1)])
def test_what_may_be_waited_leaves_time_for_the_work(seconds: float, spare: float) -> None:
    assert Deadline(seconds).spare() == pytest.approx(spare, abs=0.5)


def test_nothing_may_be_waited_when_only_the_time_for_the_work_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    deadline, now = Deadline(120), time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 95)
    assert deadline.remaining() > 0 and deadline.spare() == 0
