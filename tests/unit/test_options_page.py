# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/options.md has every variable of the roles and of the plays, as they are described and set now."""

from __future__ import annotations

import re

import options_page
import pytest

TEXT = options_page.PAGE.read_text()
ROWS = re.findall(r"^\| `([\w.\[\]]+)` \|(.*)$", TEXT, re.MULTILINE)


def test_the_page_is_that_of_now() -> None:
    assert options_page.page(TEXT) == TEXT, "run: PYTHONPATH=tools python tools/options_page.py"


@pytest.mark.parametrize("role", sorted(path.name for path in (options_page.ROOT / "roles").iterdir()))
def test_every_variable_of_a_role_has_a_row_with_a_meaning(role: str) -> None:
    defaults = set(options_page.load(options_page.ROOT / "roles" / role / "defaults" / "main.yml"))
    assert defaults <= {name for name, row in ROWS if len(row.split(" | ")[-1].strip(" |")) > 10}


def test_every_variable_that_decides_on_the_hosts_of_a_play_has_a_row() -> None:
    texts = "".join(path.read_text() for path in (options_page.ROOT / "playbooks").glob("*.yml"))
    used = set(re.findall(r"(?:hosts|serial|max_fail_percentage): .*?\b(rotation_\w+) \|", texts))
    assert {"rotation_hosts", "rotation_waves", "rotation_failure_budget"} <= used <= {name for name, _row in ROWS}


def test_an_option_of_an_option_has_a_row_of_its_own() -> None:
    assert {"rotation_windows[].from", "rotation_paused.until"} <= {name for name, _row in ROWS}


@pytest.mark.parametrize(
    ("option", "default", "shown"),
    [
        ({"type": "str", "required": True}, None, "required"),
        ({"type": "list", "default": [7, 1]}, [7, 1], "`[7, 1]`"),
        ({"type": "str"}, "{{ a | b }}", r"`{{ a \| b }}`"),
        ({"type": "bool", "default": False}, False, "`false`"),
        ({"type": "str"}, None, ""),
    ],
)
def test_a_default_is_shown(option: dict[str, object], default: object, shown: str) -> None:
    assert options_page.shown_default(option, default) == shown


def test_the_markup_of_ansible_becomes_code_and_choices_are_named() -> None:
    option = {"description": ["As O(rotation_x) of M(a.b.c),", "or V([])."], "choices": ["a", "b"]}
    assert options_page.meaning(option) == "As `rotation_x` of `a.b.c`, or `[]`. One of `a`, `b`."
