# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of plain text, made to fit where there is not room for all of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..module_utils._clean import one_line

GAP = "  "
# What the last column needs at least where its text goes on in further lines.
LEAST_PROSE = 24


@dataclass(frozen=True)
class Layout:
    """The columns of a table, and how it fits into a width.

    ``spare`` names the columns that may be left out, the least needed first; ``prose`` tells that the last one is a
    text, which may be wrapped.
    """

    columns: tuple[str, ...]
    spare: tuple[str, ...]
    prose: bool = False

    def table(self, rows: Sequence[Mapping[str, object]], width: int = 0) -> str:
        """Return the table, no wider than ``width`` where that can be; 0 is as wide as it gets."""
        cells = {name: [one_line(str(row[name])) for row in rows] for name in self.columns}
        left_out = self._columns_to_omit(cells, width)
        for name in left_out:
            del cells[name]
        lines = list(self._lines(cells, width))
        if left_out:
            lines.append(f"(no room for {', '.join(map(_head, left_out))})")
        return "\n".join(lines)

    def _columns_to_omit(self, cells: Mapping[str, list[str]], width: int) -> list[str]:
        """Return the columns to do without: first those in which nothing is, then those that are needed least."""
        empty = [name for name in self.spare if not any(cells[name])]
        order = [*empty, *(name for name in self.spare if name not in empty)]
        for count in range(len(order) + 1):
            if self._fits({name: cells[name] for name in cells if name not in order[:count]}, width):
                return [name for name in self.columns if name in order[:count]]
        return [name for name in self.columns if name in order]

    def _fits(self, cells: Mapping[str, list[str]], width: int) -> bool:
        widths = _widths(cells)
        if self.prose:
            widths[-1] = min(widths[-1], LEAST_PROSE)
        return not width or sum(widths) + len(GAP) * (len(widths) - 1) <= width

    def _lines(self, cells: Mapping[str, list[str]], width: int) -> Iterator[str]:
        *widths, _last = _widths(cells)
        room = width - sum(widths) - len(GAP) * len(widths)
        for *firsts, last in zip(*([_head(name), *cells[name]] for name in cells), strict=True):
            parts = textwrap.wrap(last, max(room, LEAST_PROSE)) if self.prose and width else [last]
            for part in parts or [""]:
                yield GAP.join([*map(str.ljust, firsts, widths), part]).rstrip()
                firsts = [""] * len(firsts)


def _head(name: str) -> str:
    return name.replace("_", " ")


def _widths(cells: Mapping[str, list[str]]) -> list[int]:
    return [max(map(len, [_head(name), *texts])) for name, texts in cells.items()]
