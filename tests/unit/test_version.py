# SPDX-License-Identifier: GPL-3.0-or-later
"""One version: galaxy.yml has it, and documents, defaults and audit events say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.dbops.rotation.plugins.module_utils._version import COLLECTION_VERSION

ROOT = Path(__file__).resolve().parents[2]
VERSION = str(DataLoader().load_from_file(str(ROOT / "galaxy.yml"))["version"])
WRITTEN = [ROOT / "README.md", *(path for folder in ("docs", "roles") for path in (ROOT / folder).rglob("*.*"))]
# How documents and defaults call a build of this version.
NAMED = re.compile(r"(?:rotation-ee:|Password rotation |dbops-rotation-)(\d+\.\d+\.\d+)")


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_audit_events_have_the_version_of_galaxy() -> None:
    assert COLLECTION_VERSION == VERSION


def test_what_is_written_down_names_this_version() -> None:
    found = {(path.name, version) for path in WRITTEN for version in NAMED.findall(path.read_text(errors="ignore"))}
    assert {name for name, _version in found} >= {"awx.md", "main.yml"}
    assert {version for _name, version in found} == {VERSION}


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda path: path.stem)
def test_nothing_was_added_in_a_later_version(path: Path) -> None:
    added = re.findall(r"version_added: [\"']?([\d.]+)", path.read_text())
    assert [version for version in added if numbers(version) > numbers(VERSION)] == []


def test_the_changelog_has_the_releases_before_this_version_and_fragments_for_what_is_to_come() -> None:
    loader = DataLoader()
    releases = loader.load_from_file(str(ROOT / "changelogs/changelog.yaml"))["releases"]
    fragments = [path.stem for path in (ROOT / "changelogs/fragments").glob("*.yml")]
    newest = max(releases, key=numbers)
    if newest == VERSION:
        assert fragments == [], "set the next version in galaxy.yml"
    else:
        assert numbers(newest) < numbers(VERSION) and VERSION in fragments, "its fragment has the release_summary"
        summary = loader.load_from_file(str(ROOT / f"changelogs/fragments/{VERSION}.yml"))
        assert list(summary) == ["release_summary"]
