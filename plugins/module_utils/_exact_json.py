# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON that is changed in one place and otherwise kept to the byte.

Numbers are kept as they are written: what Python makes of 1e400 or of a long decimal is not what was there.
https://www.rfc-editor.org/rfc/rfc8259
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

BLANK = re.compile(r"[ \t\n\r]*")
BYTE_ORDER_MARK = "\ufeff"


class BadDocument(Exception):
    """The text is no JSON object, or one that can be read in two ways; the message goes on after its subject."""

    def __init__(self, what: str, remedy: str = "") -> None:
        """Take what is wrong, without the text, and what to do."""
        super().__init__(what)
        self.remedy = remedy


@dataclass(frozen=True)
class Number:
    """A number as it is written."""

    written: str

    def __str__(self) -> str:
        """Return it as it is written."""
        return self.written


def _refused_constant(_name: str) -> Any:
    raise BadDocument("holds NaN or Infinity, which is no JSON", "Put those values into quotes, or take them out.")


_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_refused_constant)


def parse_object(text: str) -> dict[str, Any]:
    """Read a JSON object; raises BadDocument where it is none, or has a key twice."""
    if text.startswith(BYTE_ORDER_MARK):
        raise BadDocument(
            "begins with a byte order mark, which most programs refuse", "Store the same text as UTF-8 without it."
        )
    try:
        document = _DECODER.decode(text)
    except RecursionError:
        raise BadDocument("is nested too deeply", "Take out of the secret what is not needed in it.") from None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise BadDocument("is not a JSON object")
    _refuse_doubles([key for key, _start, _end in _members(text)])
    return document


def spans(text: str) -> dict[str, tuple[int, int]]:
    """Return where the value of each key of an object that has been read stands."""
    return {key: (start, end) for key, start, end in _members(text)}


def written(value: object) -> str:
    """Write a value as JSON, in characters and not in escapes."""
    return json.dumps(value, ensure_ascii=False)


def _members(text: str) -> Iterator[tuple[str, int, int]]:
    place = _after_blank(text, _after_blank(text, 0) + 1)
    while text[place] != "}":
        key, place = _DECODER.raw_decode(text, place)
        start = _after_blank(text, _after_blank(text, place) + 1)
        end = _DECODER.raw_decode(text, start)[1]
        yield key, start, end
        place = _after_blank(text, end)
        if text[place] == ",":
            place = _after_blank(text, place + 1)


def _after_blank(text: str, place: int) -> int:
    match = BLANK.match(text, place)
    return match.end() if match else place


def _refuse_doubles(keys: list[str]) -> None:
    double = next((key for key in keys if keys.count(key) > 1), None)
    if double is not None:
        raise BadDocument(
            f"has the key {double[:40]!r} twice, and programs differ in which of the two they take",
            "Leave one of them.",
        )
