# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/modules.md has every module with its options, as they are described now."""

from __future__ import annotations

import re

import modules_page

TEXT = modules_page.PAGE.read_text()


def test_the_page_is_that_of_now() -> None:
    assert modules_page.page(TEXT) == TEXT, "run: PYTHONPATH=tools python tools/modules_page.py"


def test_every_plugin_for_users_is_on_the_page() -> None:
    folders = ("modules", *modules_page.OTHERS)
    names = {path.stem for folder in folders for path in (modules_page.PLUGINS / folder).glob("*.py")}
    assert names == set(re.findall(r"^\| \[?`([\w]+)`(?:\]\(#\w+\))? \| [^|]+ \|$", TEXT, re.MULTILINE))


def test_an_option_of_many_modules_stands_once() -> None:
    assert len(re.findall(r"^\| `region` \|", TEXT, re.MULTILINE)) == 1


def test_markup_and_bars_do_not_leave_their_cell() -> None:
    assert modules_page.plain(["Sets O(a) to V(b|c).", "Then M(d.e.f)."]) == r"Sets `a` to `b\|c`. Then `d.e.f`."
