# SPDX-License-Identifier: GPL-3.0-or-later
"""Links of our documents lead to files and headings that are there, and the README stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md")]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
README_LINES = 150


def anchors(path: Path) -> set[str]:
    """Return the anchors that a page gets on a git server."""
    headings = HEADING.findall(FENCED.sub("", path.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    found = []
    for name, anchor in LINK.findall(page.read_text()):
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(f"{name}#{anchor}")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# One, two\n[a](#one-two) [b](a.md#one-two) [c](b.md) [d](#three) [e](https://example.com/x)\n")
    assert broken(page) == ["b.md#", "#three"]


def test_the_readme_leads_to_every_page_and_is_short() -> None:
    text = (ROOT / "README.md").read_text()
    linked = {name for name, _anchor in LINK.findall(text)}
    assert {f"docs/{path.name}" for path in ROOT.glob("docs/*.md")} <= linked
    assert len(text.splitlines()) <= README_LINES
