# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing that AWS would refuse; it never holds the value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """Which parameter, what is wrong with it, where that is written, and the code of AWS's answer."""

    parameter: str
    wrong: str
    source: str
    code: str

    def told(self, number: int) -> str:
        """Say it in AWS's words."""
        errors = "error" if number == 1 else "errors"
        constraint = f"Value at '{self.parameter}' failed to satisfy constraint: {self.wrong}"
        return f"{number} validation {errors} detected: {constraint}"


def length(text: str) -> int:
    """Return the length of a text as Java counts it, in UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
