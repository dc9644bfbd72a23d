# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/architecture.md says what is there: rooms and their imports, files, and pictures of their sources."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import diagrams
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = {path.name: path.read_text() for path in (ROOT / "docs/architecture.md", ROOT / "CONTRIBUTING.md")}
# What these begin with in backquotes is a path from the root; what has no slash may be anything.
PATH = re.compile(r"`((?:[\w.*-]+/)+[\w.*-]*)`")
# The role's files, told in a sentence that names the role.
# What the tools make is in no fresh checkout.
MADE = {"dist/"}
IN_A_ROLE = {"defaults/main.yml", "meta/argument_specs.yml", "vars/main.yml"}


def rooms() -> dict[str, set[str]]:
    """Return which rooms each room may enter, as the layer rule says."""
    tree = ast.parse((ROOT / "tests/unit/test_layers.py").read_text())
    found = [node for node in tree.body if isinstance(node, ast.Assign)]
    (value,) = [node.value for node in found if [ast.unparse(target) for target in node.targets] == ["ROOMS"]]
    allowed: dict[str, set[str]] = ast.literal_eval(value)
    return allowed


def drawn() -> dict[str, set[str]]:
    """Return the arrows between rooms in the picture."""
    source = (diagrams.FOLDER / "rooms.mmd").read_text()
    arrows = re.findall(r"^ +(_\w+) (?:-->|==>) (_\w+)$", source, re.MULTILINE)
    boxes = re.findall(r'^ +(_\w+)\["', source, re.MULTILINE)
    return {box: {end for start, end in arrows if start == box} for box in boxes}


def test_the_picture_has_the_rooms_and_arrows_of_the_layer_rule() -> None:
    assert drawn() == rooms()


def test_every_room_has_a_row() -> None:
    rows = re.findall(r"^\| (`_\w+`(?:, `_\w+`)*) \|", PAGES["architecture.md"], re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"_\w+", row)} == set(rooms())


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_named_is_there(page: str) -> None:
    named = set(PATH.findall(PAGES[page])) - IN_A_ROLE - MADE
    assert named and [path for path in sorted(named) if not list(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("source", diagrams.SOURCES, ids=lambda source: source.stem)
def test_a_picture_is_that_of_its_source(source: Path) -> None:
    assert diagrams.is_current(source), "run: python tools/diagrams.py"


def test_a_picture_of_another_source_is_seen(tmp_path: Path) -> None:
    source = tmp_path / "a.mmd"
    source.write_text("flowchart LR\n a --> b\n")
    assert not diagrams.is_current(source)
    diagrams.picture(source).write_text("<svg/>\n" + diagrams.mark(source))
    assert diagrams.is_current(source)
    source.write_text("flowchart LR\n a --> c\n")
    assert not diagrams.is_current(source)


@pytest.mark.parametrize("source", diagrams.SOURCES, ids=lambda source: source.stem)
def test_a_picture_needs_no_browser_to_show_its_words(source: Path) -> None:
    assert "foreignObject" not in diagrams.picture(source).read_text()
