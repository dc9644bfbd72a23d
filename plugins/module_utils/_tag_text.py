# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text in the form that a tag takes, for every tag that is written and every comparison with one.

AWS takes letters, digits and spaces of any script, and + - = . _ : / @; 128 characters of a key and 256 of a value; no
key that begins with "aws:" (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html,
https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html). A letter whose accent is a
character of its own is refused, so texts are composed first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

KEY_LENGTH = 128
VALUE_LENGTH = 256
RESERVED = "aws:"
UNFIT = re.compile(r"[^\w .:/=+@-]")


def tag_text(text: str) -> str:
    """Return a text as the value of a tag holds it; twice the same as once."""
    return _fitting(text, VALUE_LENGTH)


def fit_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as AWS holds them, without those that only AWS may write."""
    return {_fitting(key, KEY_LENGTH): tag_text(value) for key, value in tags.items() if not is_reserved(key)}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as a call of AWS takes them."""
    return [{"Key": key, "Value": value} for key, value in fit_tags(tags).items()]


def is_reserved(key: str) -> bool:
    """Return True if only AWS may write a tag of this name, in whatever case."""
    return key.lower().startswith(RESERVED)


def _fitting(text: str, most: int) -> str:
    return _cut(UNFIT.sub("_", unicodedata.normalize("NFC", text)).strip(" "), most)


def _cut(text: str, most: int) -> str:
    """Cut a text to a length in UTF-16, which is how Java counts; a character is never halved."""
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore").rstrip(" ")
