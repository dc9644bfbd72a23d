# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/consumers.md shows the notice and the example as they are."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from docs_test.pages import Block, blocks

from ansible_collections.dbops.rotation.plugins.module_utils._notice.notice import SCHEMA, Notice

DOCS = Path(__file__).resolve().parents[2] / "docs"
NOTICE = Notice("rotated", "client_acme", "clients/client_acme/mysql/root", datetime(2026, 11, 24, tzinfo=UTC))


def of_kind(kind: str) -> Block:
    """Return the only block of the page in a language."""
    (found,) = [block for block in blocks(DOCS / "consumers.md") if block.kind == kind]
    return found


def test_the_notice_has_the_keys_of_a_notice() -> None:
    shown = json.loads(of_kind("json").text)
    assert list(shown) == list(NOTICE.body()) and shown["schema"] == SCHEMA


def test_every_key_of_a_notice_is_explained() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", (DOCS / "consumers.md").read_text(), re.MULTILINE)
    assert set(NOTICE.body()) <= {name for row in rows for name in re.findall(r"[a-z_]+", row)}


def test_the_attributes_of_a_notice_are_named() -> None:
    text = " ".join((DOCS / "consumers.md").read_text().split())
    names = re.search(r"message attributes (.*?) are there", text)
    assert names and set(NOTICE.attributes()) <= set(re.findall(r"[a-z_]+", names[1]))


def test_the_program_is_that_of_the_examples() -> None:
    program = "".join((DOCS / "examples/shop.py").read_text().split())
    assert "".join(of_kind("python").text.split()) in program
