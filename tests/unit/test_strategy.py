# SPDX-License-Identifier: GPL-3.0-or-later
"""Every play pins its strategy: with another one, what a play asks of all clients at once is asked too early."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

ROOT = Path(__file__).resolve().parents[2]
FENCED = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = re.compile(r"^\.\. code-block:: yaml\S*\n\n((?: .*\n|\n)+)", re.MULTILINE)
EXAMPLES = re.compile(r'^EXAMPLES = r"""\n(.*?)^"""', re.MULTILINE | re.DOTALL)


def texts() -> Iterator[tuple[Path, str]]:
    """Return every YAML text in which a user may find a play of ours."""
    for path in [ROOT / "rotate.yml", *sorted((ROOT / "playbooks").glob("*.yml"))]:
        yield path, path.read_text()
    for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("roles/*/README.md"))]:
        yield from ((path, text) for text in FENCED.findall(path.read_text()))
    for path in sorted(ROOT.glob("docs/docsite/rst/*.rst")):
        yield from ((path, textwrap.dedent(text)) for text in BLOCKS.findall(path.read_text()))
    for path in sorted(ROOT.glob("plugins/modules/*.py")):
        yield from ((path, text) for text in EXAMPLES.findall(path.read_text()))


def plays() -> Iterator[tuple[Path, dict[str, Any]]]:
    for path, text in texts():
        found = DataLoader().load(text)
        yield from ((path, play) for play in found if isinstance(found, list) and "hosts" in play)


PLAYS = list(plays())


@pytest.mark.parametrize(("path", "play"), PLAYS, ids=[f"{path.name}: {play['name']}" for path, play in PLAYS])
def test_a_play_pins_its_strategy(path: Path, play: dict[str, Any]) -> None:
    assert play.get("strategy") == "linear"


def test_the_plays_are_found() -> None:
    of = [path.parent.name for path, _play in PLAYS]
    assert of.count("playbooks") > 15 and {"rotation", "rotation_backup", "rst", "modules"} <= set(of)
