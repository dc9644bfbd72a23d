# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of docs/ of which a part is written from the code: between two marks, the rest is written by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path


def replaced(text: str, begin: str, end: str, lines: Iterable[str]) -> str:
    """Give a page with these lines between its marks."""
    before, _begin, rest = text.partition(begin)
    _old, _end, after = rest.partition(end)
    return "\n".join([before + begin, *lines, end + after])


def write(path: Path, begin: str, end: str, lines: Iterable[str]) -> int:
    """Rewrite a page; with --check only tell, as an exit status, whether it has to be."""
    text = path.read_text()
    new = replaced(text, begin, end, lines)
    if "--check" in sys.argv[1:]:
        return int(new != text)
    path.write_text(new)
    return 0
