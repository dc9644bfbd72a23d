# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary credentials are fetched once for all workers, never given out past their end, and never block anybody."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._aws import credential_pool
from ansible_collections.dbops.rotation.plugins.module_utils._aws.credential_pool import (
    PROBES,
    CredentialPool,
    TemporaryCredentials,
)

FORKS = 12


def held(seconds: float | None = 3600, name: str = "AKIA", token: str = "token") -> TemporaryCredentials:
    return TemporaryCredentials(
        name, "secret", token, "assume-role", None if seconds is None else time.time() + seconds
    )


def forked(work: Callable[[], None], forks: int = FORKS) -> None:
    """Do the work in so many forks at the same time; every one has to succeed."""
    children = []
    for _number in range(forks):
        child = os.fork()
        if not child:
            try:
                work()
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * forks


class Counted:
    """Counts fetches over all processes."""

    def __init__(self, path: Path, answer: Callable[[], TemporaryCredentials | None]) -> None:
        self.path, self.answer = path, answer
        path.touch()

    def __call__(self) -> TemporaryCredentials | None:
        with self.path.open("a") as file:
            file.write(".")
        return self.answer()

    def count(self) -> int:
        return len(self.path.read_text())


def test_all_workers_use_what_one_fetched(tmp_path: Path) -> None:
    pool, fetch, wanted = CredentialPool(), Counted(tmp_path / "count", held), held()

    def work() -> None:
        found = pool.obtain("role", fetch)
        assert found is not None and (found.access_key, found.token) == (wanted.access_key, wanted.token)

    forked(work)
    assert fetch.count() == 1


def test_other_keys_get_other_credentials(tmp_path: Path) -> None:
    pool = CredentialPool()
    for number in range(200):
        pool.obtain(f"role {number}", lambda name=f"AKIA{number}": held(name=name))  # type: ignore[misc]
    fetch = Counted(tmp_path / "count", held)
    found = [pool.obtain(f"role {number}", fetch) for number in range(200)]
    assert [one.access_key for one in found if one] == [f"AKIA{number}" for number in range(200)]
    assert fetch.count() == 0


@pytest.mark.parametrize(
    ("lifetime", "later", "fetches"),
    [(3600, 2600, 1), (3600, 2800, 2), (900, 400, 1), (900, 500, 2), (900, 901, 2), (None, 800, 1), (None, 1000, 2)],
)
def test_nobody_begins_with_what_is_about_to_end(
    tmp_path: Path, lifetime: float | None, later: float, fetches: int
) -> None:
    now = [time.time()]
    pool = CredentialPool(clock=lambda: now[0])
    fetch = Counted(tmp_path / "count", lambda: held(lifetime))
    pool.obtain("role", fetch)
    now[0] += later
    pool.obtain("role", fetch)
    assert fetch.count() == fetches


def test_what_has_ended_already_is_not_kept(tmp_path: Path) -> None:
    pool, fetch = CredentialPool(), Counted(tmp_path / "count", lambda: held(-1))
    pool.obtain("role", fetch)
    pool.obtain("role", fetch)
    assert fetch.count() == 2


def test_who_waited_for_one_that_failed_does_not_queue_behind_the_others(tmp_path: Path) -> None:
    """Each failure takes a second here: in a queue, the last of twelve would wait for as many."""
    pool = CredentialPool()

    def fail() -> TemporaryCredentials:
        time.sleep(1)
        raise OSError

    def work() -> None:
        with pytest.raises(OSError):
            pool.obtain("role", fail)

    began = time.monotonic()
    forked(work)
    assert time.monotonic() - began < FORKS / 2


def test_after_a_failure_the_next_one_fetches(tmp_path: Path) -> None:
    pool = CredentialPool()
    assert pool.obtain("role", lambda: None) is None
    assert pool.obtain("role", held) is not None
    fetch = Counted(tmp_path / "count", held)
    pool.obtain("role", fetch)
    assert fetch.count() == 0


def test_a_worker_that_dies_while_it_fetches_holds_nobody_up(tmp_path: Path) -> None:
    pool = CredentialPool()
    child = os.fork()
    if not child:
        pool.obtain("role", lambda: os._exit(0))
    os.waitpid(child, 0)
    assert pool.obtain("role", held) is not None


def test_credentials_too_long_for_the_pool_are_used_and_not_kept(tmp_path: Path) -> None:
    pool, fetch = CredentialPool(), Counted(tmp_path / "count", lambda: held(token="x" * 10000))
    assert all(pool.obtain("role", fetch) for _time in range(2))
    assert fetch.count() == 2


def test_a_full_pool_gives_the_oldest_place_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_pool, "SLOTS", PROBES)
    pool = CredentialPool()
    for number in range(3 * PROBES):
        assert pool.obtain(f"role {number}", lambda name=f"AKIA{number}": held(name=name)) is not None  # type: ignore[misc]
    last = pool.obtain(f"role {3 * PROBES - 1}", lambda: None)
    assert last is not None and last.access_key == f"AKIA{3 * PROBES - 1}"


def test_a_cleared_pool_holds_nothing(tmp_path: Path) -> None:
    pool = CredentialPool()
    pool.obtain("role", held)
    pool.clear()
    assert b"AKIA" not in bytes(pool._memory)
    assert pool.obtain("role", lambda: None) is None
