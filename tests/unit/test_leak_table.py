# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the leak check in docs/safety.md is one that `make leakcheck` could have written today."""

from __future__ import annotations

from pathlib import Path

import pytest
from canaries import HASH, PASSWORD, ROLLBACK_HASH
from leakcheck.check import PLANTED, Cell, Outcome
from leakcheck.inherent import INHERENT, is_inherent
from leakcheck.modes import MODES
from leakcheck.sinks import names
from leakcheck.sinks_of_servers import shape
from leakcheck.table import BEGIN, END, keep, kept, leaks, lines

PAGE = Path(__file__).resolve().parents[2] / "docs/safety.md"
SECTION = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
ROWS = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| ")]


def test_a_mode_that_was_not_run_is_named() -> None:
    missing = [name for name in MODES if name not in ROWS[0]]
    assert ("Not run in full" in SECTION) == bool(missing) and all(name in SECTION for name in missing)


def column(mode: str, **leaking: list[str]) -> Outcome:
    cells = {name: Cell(searched=9, leaks=leaking.get(name, [])) for name in names()}
    return Outcome(mode, cells, 3, [])


def test_its_rows_are_the_sinks_and_its_columns_the_modes() -> None:
    assert ROWS[0][0] == "where" and ROWS[0][-1] == PLANTED
    assert ROWS[0][1:-1] == [name for name in MODES if name in ROWS[0]] != []
    assert [row[0] for row in ROWS[1:]] == names()


def test_nothing_was_found_but_the_plants() -> None:
    cells = {cell for row in ROWS[1:] for cell in row[1:-1]}
    assert cells == {"0", "-"} and {row[-1] for row in ROWS[1:]} == {"found"}


def test_the_exceptions_are_those_of_the_check() -> None:
    written = list(lines([column(PLANTED)]))
    assert [line for line in SECTION.splitlines() if line.startswith("* ")] == [
        line for line in written if line.startswith("* ")
    ]
    assert not any(is_inherent(name, PASSWORD) for name in names())
    assert {name for one in INHERENT for name in one.sinks} <= set(names())


def test_a_hash_in_the_logs_of_mysql_is_inherent_only_where_it_makes_it_or_a_rollback_sends_it() -> None:
    assert is_inherent("MySQL: binary log", HASH) and is_inherent("MySQL: general log", ROLLBACK_HASH)
    assert not is_inherent("MySQL: general log", HASH) and not is_inherent("MySQL: process list", HASH)


def test_a_statement_is_named_without_what_is_in_its_quotes() -> None:
    assert shape("ALTER USER 'a'@'%' IDENTIFIED BY 'it\\'s'") == "ALTER USER '...'@'...' IDENTIFIED BY '...'"


def test_a_leak_is_counted_and_told(tmp_path: Path) -> None:
    outcome = column("json", output=["output, 01-rotate: a password (repr)"])
    assert leaks([outcome]) == ["json: output, 01-rotate: a password (repr)"]
    assert "| output | 1 |" in list(lines([outcome]))
    assert leaks([column(PLANTED, output=["the plant"])]) == []
    keep(tmp_path / "json.json", outcome)
    assert kept(tmp_path / "json.json") == outcome


@pytest.mark.parametrize(("leaking", "shown"), [({"output": ["the plant"]}, "found"), ({}, "MISSED")])
def test_a_plant_that_was_not_found_is_seen(leaking: dict[str, list[str]], shown: str) -> None:
    assert f"| output | {shown} |" in list(lines([column(PLANTED, **leaking)]))
