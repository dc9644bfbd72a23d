# SPDX-License-Identifier: GPL-3.0-or-later
"""A text is fetched once for all forks, and for its own key only."""

from __future__ import annotations

import os

from ansible_collections.dbops.rotation.plugins.module_utils._aws.shared_text import SIZE, SharedText


def never() -> str:
    raise AssertionError


def test_forks_have_what_one_of_them_fetched() -> None:
    shared = SharedText()
    child = os.fork()
    if not child:
        shared.obtain("key", lambda: "fetched by a fork")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert shared.obtain("key", never) == "fetched by a fork"


def test_another_key_has_another_text() -> None:
    shared = SharedText()
    shared.keep("key", "one")
    assert (shared.obtain("other", lambda: "two"), shared.obtain("other", never)) == ("two", "two")


def test_a_failure_is_not_held_and_blocks_nobody() -> None:
    shared = SharedText()
    try:
        shared.obtain("key", never)
    except AssertionError:
        assert shared.obtain("key", lambda: "one") == "one"


def test_what_is_too_long_is_fetched_by_everybody() -> None:
    shared, long = SharedText(), "x" * SIZE
    shared.keep("key", "one")
    assert [shared.obtain("other", lambda: long) for _client in range(2)] == [long, long]
    assert shared.obtain("key", never) == "one"
