# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SNS takes. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html

A message may have 256 KiB. The limits here keep every notice far below that, quotes and escapes included.
"""

from __future__ import annotations

import unicodedata

from .._clean import UNSEEN, one_line

SUBJECT_LENGTH = 99
ATTRIBUTE_LENGTH = 200
FIELD_LENGTH = 1000
TEXT_LENGTH = 20000


def subject_line(text: str) -> str:
    """Return a subject: ASCII on one line, beginning with a letter, a digit or a punctuation mark."""
    plain = unicodedata.normalize("NFKD", text)
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return one_line(letters.encode("ascii", "replace").decode(), SUBJECT_LENGTH)


def attribute(text: str) -> str:
    """Return the value of a String attribute: one line, of characters that XML may hold."""
    return one_line("".join(char for char in text if char not in "\ufffe\uffff"), ATTRIBUTE_LENGTH)


def field_text(text: str) -> str:
    """Return one field of the body for machines."""
    return one_line(text, FIELD_LENGTH)


def people_text(text: str) -> str:
    """Return a text of several lines without what a mail program might take for a command."""
    lines = [_visible(line) for line in text.encode("utf-8", "replace").decode().splitlines()]
    whole = "\n".join(lines).strip()
    return whole if len(whole) <= TEXT_LENGTH else f"{whole[:TEXT_LENGTH]}\n(cut here)"


def _visible(line: str) -> str:
    return "".join(char for char in line if char == "\t" or unicodedata.category(char) not in UNSEEN).rstrip()
