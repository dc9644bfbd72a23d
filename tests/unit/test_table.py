# SPDX-License-Identifier: GPL-3.0-or-later
"""A table that fits: nothing is cut silently, and no line is wider than there is room for."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.plugin_utils._table import Layout

LAYOUT = Layout(("client", "last_seen", "note"), spare=("last_seen",))
PROSE = Layout(("time", "by", "about"), spare=("by",), prose=True)
ROWS: list[dict[str, Any]] = [
    {"client": "client_acme", "last_seen": "2026-11-23T03:00:00Z", "note": "ok"},
    {"client": "client_globex", "last_seen": "", "note": 3},
]
LONG = {"time": "2026-11-23T03:00:00Z", "by": "alice", "about": "a text of many words, " * 5}


@pytest.mark.parametrize("width", [0, 43, 200])
def test_with_room_every_column_is_there(width: int) -> None:
    assert LAYOUT.table(ROWS, width).splitlines() == [
        "client         last seen             note",
        "client_acme    2026-11-23T03:00:00Z  ok",
        "client_globex                        3",
    ]


@pytest.mark.parametrize("width", [38, 20, 5])
def test_without_room_a_column_is_left_out_and_named(width: int) -> None:
    assert LAYOUT.table(ROWS, width).splitlines() == [
        "client         note",
        "client_acme    ok",
        "client_globex  3",
        "(no room for last seen)",
    ]


def test_an_empty_column_goes_before_one_that_tells_something() -> None:
    layout = Layout(("client", "last_seen", "empty", "note"), spare=("last_seen", "empty"))
    rows = [{**row, "empty": ""} for row in ROWS]
    assert layout.table(rows, 43).splitlines()[-1] == "(no room for empty)"
    assert layout.table(rows, 30).splitlines()[-1] == "(no room for last seen, empty)"


@pytest.mark.parametrize("width", [53, 60, 80])
def test_a_long_text_goes_on_below_itself_and_loses_nothing(width: int) -> None:
    header, first, *more = PROSE.table([LONG], width).splitlines()
    assert header == "time                  by     about" and first.startswith("2026-11-23T03:00:00Z  alice  a text of")
    assert max(map(len, [first, *more])) <= width and {line[:29] for line in more} == {" " * 29}
    assert " ".join([first[29:], *(line.strip() for line in more)]) == LONG["about"].strip()


def test_a_text_without_a_width_is_one_line_and_a_control_character_makes_none() -> None:
    assert len(PROSE.table([LONG]).splitlines()) == 2
    assert len(PROSE.table([{**LONG, "by": "a\nb\x1b[2J"}]).splitlines()) == 2


def test_no_rows_are_a_header() -> None:
    assert PROSE.table([], 80) == "time  by  about"
