# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of docs/ that are written from the code: as a whole, or between two marks of a page, the rest by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path


def replaced(text: str, begin: str, end: str, lines: Iterable[str]) -> str:
    """Return a page with these lines between its marks."""
    before, _begin, rest = text.partition(begin)
    _old, _end, after = rest.partition(end)
    return "\n".join([before + begin, *lines, end + after])


def write(path: Path, begin: str, end: str, lines: Iterable[str]) -> int:
    """Rewrite a page; with --check only tell, as an exit status, whether it has to be."""
    return keep(path, replaced(path.read_text(), begin, end, lines))


def keep(path: Path, text: str) -> int:
    """Write a file with this text; with --check only tell, as an exit status, whether it has to be written."""
    if "--check" in sys.argv[1:]:
        return int(not path.is_file() or path.read_text() != text)
    path.write_text(text)
    return 0
