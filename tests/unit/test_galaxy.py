# SPDX-License-Identifier: GPL-3.0-or-later
"""What galaxy.yml says: all that a collection has to say of itself, and no file of one checkout in what is built."""

from __future__ import annotations

import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

ROOT = Path(__file__).resolve().parents[2]
GALAXY: dict[str, Any] = DataLoader().load_from_file(str(ROOT / "galaxy.yml"))
LINKS: dict[str, Any] = DataLoader().load_from_file(str(ROOT / "docs/docsite/links.yml"))
# What a user of a built collection does without; a built copy is still linted, so its tests stay.
OF_A_CHECKOUT = (
    *(".ci", ".github", "Makefile", "ansible.cfg", "collections", "functions", "noxfile.py", "pytest.ini", "tools"),
)
# What ansible-galaxy leaves out by itself.
ALWAYS = ("*.retry",)


def is_left_out(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in (*GALAXY["build_ignore"], *ALWAYS))


def ignored_by_git() -> list[str]:
    lines = (ROOT / ".gitignore").read_text().splitlines()
    patterns = [line.strip("/") for line in lines if line and not line.startswith(("#", "!"))]
    return [pattern for pattern in patterns if not pattern.startswith("collections/")]


@pytest.mark.parametrize("pattern", ignored_by_git())
def test_what_git_ignores_is_not_built(pattern: str) -> None:
    assert is_left_out(pattern)


@pytest.mark.parametrize("name", OF_A_CHECKOUT)
def test_what_only_a_checkout_needs_is_not_built(name: str) -> None:
    assert (ROOT / name).exists() and is_left_out(name)


def test_every_hidden_file_at_the_root_is_not_built() -> None:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    hidden = {name.partition("/")[0] for name in listing.splitlines() if name.startswith(".")}
    assert hidden and [name for name in sorted(hidden) if not is_left_out(name)] == []


def test_the_collection_says_where_it_is() -> None:
    for key in ("repository", "documentation", "homepage", "issues"):
        assert GALAXY[key].startswith("https://")
    assert GALAXY["issues"] == LINKS["issue_tracker"]


def test_the_tags_are_those_that_galaxy_takes() -> None:
    assert 1 <= len(GALAXY["tags"]) <= 20 and {"cloud", "database", "security"} <= set(GALAXY["tags"])
    assert all(tag.isalnum() and tag.islower() for tag in GALAXY["tags"])


def test_the_files_that_it_names_are_there() -> None:
    assert (ROOT / GALAXY["readme"]).is_file() and GALAXY["license"] == ["GPL-3.0-or-later"]
    assert (ROOT / "LICENSES/GPL-3.0-or-later.txt").read_text() == (ROOT / "LICENSE").read_text()
