# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that cleans text from elsewhere before people or programs see it.

Hosts, users and rows of a database, error texts of servers, of AWS and of libraries, names of files and tags may hold
escape sequences, line ends and signs that change the direction of writing, with which they could forge a line of
output, or the cell of a table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

# Control, format (bidirectional marks among them) and surrogate characters, and separators of lines and paragraphs.
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
LONGEST_TEXT = 4000
# With these a spreadsheet takes a cell for a formula. https://owasp.org/www-community/attacks/CSV_Injection
# The wide forms count where a keyboard of East Asia writes them.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Where the comma is the sign of a fraction, a semicolon begins another cell, also within quotes that opened before.
ANOTHER_CELL = re.compile(rf"(;[\s\"]*)(?=[{re.escape(''.join(FORMULA))}])")


def visible(text: str) -> str:
    """Return a text with a blank in place of every character that is not shown as itself."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(char) for char in text)


def one_line(text: str, most: int = LONGEST_TEXT) -> str:
    """Return a text without control characters and line ends, and no longer than ``most`` characters."""
    line = " ".join(visible(text).split())
    return line if len(line) <= most else f"{line[: most - 3].rstrip()}..."


def cell(value: object) -> str:
    """Return the cell of a table that a spreadsheet takes for nothing but text."""
    line = inert(one_line(str(value)))
    return f"'{line}" if line.startswith(FORMULA) and not _is_number(line) else line


def inert(text: str) -> str:
    """Return a text in which no semicolon begins a cell that a spreadsheet takes for a formula."""
    return ANOTHER_CELL.sub(r"\1'", text)


def cleaned(value: Any, lines: Collection[str] = ()) -> Any:
    """Return plain data with every text in it on one line; of the keys in ``lines`` the texts may have several."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {_key(key): one if key in lines else cleaned(one, lines) for key, one in value.items()}
    return [cleaned(one, lines) for one in value] if isinstance(value, list | tuple) else value


def _visible(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Cs":
        return "?"  # file names and environments may hold them, and they cannot be sent in UTF-8
    return " " if kind in UNSEEN else char


def _key(key: Any) -> Any:
    return one_line(key) if isinstance(key, str) else key


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
