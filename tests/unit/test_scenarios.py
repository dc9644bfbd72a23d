# SPDX-License-Identifier: GPL-3.0-or-later
"""Every situation of docs/scenarios.md names a test or a heading that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/scenarios.md"
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
NAMED = re.compile(r"`(test_\w+\.py)(?:::(test_\w+))?`")
PROMISE = re.compile(r"^\| (P\d) \|", re.MULTILINE)


def rows(text: str) -> list[list[str]]:
    """Return the cells of each line of a table, its head left out."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith(("| |", "|---"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def missing(text: str) -> list[str]:
    """Return the tests that a text names and that are not there."""
    found = []
    for file, name in NAMED.findall(text):
        sources = [path.read_text() for path in TESTS if path.name == file]  # several files may have one name
        if not any(not name or re.search(rf"^def {name}\(", source, re.MULTILINE) for source in sources):
            found.append(f"{file}::{name}")
    return found


ROWS = rows(PAGE.read_text())


def test_every_test_that_is_named_is_there() -> None:
    assert missing(PAGE.read_text()) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_situation_is_shown_by_a_test(row: list[str]) -> None:
    assert NAMED.search(row[-1])


def test_the_situations_are_counted_without_a_gap() -> None:
    numbers = [int(row[0]) for row in ROWS if row[0].isdecimal()]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 50


def test_no_promise_is_left_out() -> None:
    promised = set(PROMISE.findall((ROOT / "docs/safety.md").read_text()))
    assert promised and promised == {name for row in ROWS for name in re.findall(r"P\d", row[0])}


def test_a_name_that_is_not_there_is_seen() -> None:
    text = "`test_rotation.py::test_nothing_of_the_kind` `test_none.py` `test_links.py` `test_rotation.py`"
    assert missing(text) == ["test_rotation.py::test_nothing_of_the_kind", "test_none.py::"]
