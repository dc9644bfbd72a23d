# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever people call a client or themselves, the tag is one that AWS takes."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import rotated_tags, started
from ansible_collections.dbops.rotation.plugins.module_utils._fleet.listing import Choice
from ansible_collections.dbops.rotation.plugins.module_utils._tag_text import fit_tags, tag_list, tag_text

HOSTILE = {
    "acme (prod)": "acme _prod_",
    "o'brien": "o_brien",
    "C&A": "C_A",
    r"DOM\acme": "DOM_acme",
    "mu\u0308ller": "m\u00fcller",
    "  acme  ": "acme",
    "aws:acme": "aws:acme",
    "東京": "東京",
    "हिन्दी": "ह_न_द_",
    "a\tb\nc": "a_b_c",
    "no\u00a0break": "no_break",
    "\ud800": "_",
    "\U0001f600": "_",
    "x" * 300: "x" * 256,
    "x" * 255 + " y": "x" * 255,
    "\U00020000" * 200: "\U00020000" * 128,
}


def is_taken(text: str, most: int = 256) -> bool:
    """Return True if AWS takes a value: its pattern is [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*."""
    fits = all(char in " _.:/=+-@" or unicodedata.category(char)[0] in "LN" for char in text)
    return fits and len(text.encode("utf-16-le")) // 2 <= most and text == text.strip()


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_text_becomes_one_that_aws_takes(text: str) -> None:
    assert tag_text(text) == HOSTILE[text]
    assert is_taken(tag_text(text))
    assert tag_text(tag_text(text)) == tag_text(text)


def test_every_character_becomes_one_that_aws_takes() -> None:
    assert all(is_taken(tag_text(f"a{chr(code)}b")) for code in range(0x110000))


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_the_tags_of_a_rotation_hold_the_name_as_aws_does(name: str) -> None:
    cycle = started(datetime.now(UTC), 40)
    written = rotated_tags(version="v", trigger="scheduled", server_id="s", client=name, cycle=cycle)
    assert written == fit_tags(written)


def test_tags_that_only_aws_may_write_are_left_out_and_keys_are_made_to_fit() -> None:
    given = {"aws:cloudformation:stack-name": "x", "AWS:x": "y", "owner(s)": "o'brien", "k" * 200: ""}
    assert tag_list(given) == [{"Key": "owner_s_", "Value": "o_brien"}, {"Key": "k" * 128, "Value": ""}]


def test_the_inventory_finds_a_tag_by_the_name_that_people_use() -> None:
    choice = Choice(tags={tags.CLIENT: "acme (prod)"})
    assert {"Key": "tag-value", "Values": ["acme _prod_"]} in choice.filters()
