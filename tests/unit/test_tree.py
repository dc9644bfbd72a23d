# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tree may hold: nothing of one machine, and only YAML that Ansible can read."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader

ROOT = Path(__file__).resolve().parents[2]

# Put together here, or this file would be the first to fail.
FOLDERS = "|".join(["work", "root"])
# Written so that this file does not hold the names that it looks for.
REGISTRIES = "|".join(
    [r"[p]ypi\.org", r"[p]ythonhosted\.org", r"[n]pmjs\.org", r"[c]rates\.io", r"[p]roxy\.golang\.org"]
)
# A path starts a word: `mysql/root/` is a secret's name.
ONE_MACHINE = re.compile(rf"(?<![\w.~}}\])*-])/(?:{FOLDERS})/")
REGISTRY = re.compile(rf"\b(?:{REGISTRIES})\b")


def tracked() -> list[Path]:
    """Return every file that git has or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = [ROOT / name for name in listing.split("\0") if name]
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())


FILES = tracked()
YAML = [path for path in FILES if path.suffix in (".yml", ".yaml")]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("pattern", [ONE_MACHINE, REGISTRY], ids=["machine", "registry"])
def test_nothing_of_one_machine(pattern: re.Pattern[str]) -> None:
    found = [
        f"{name(path)}:{number}"
        for path in FILES
        if path.name != Path(__file__).name
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found


@pytest.mark.parametrize("path", YAML, ids=name)
def test_yaml_parses(path: Path) -> None:
    DataLoader().load_from_file(str(path))
