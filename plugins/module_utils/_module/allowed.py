# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is allowed for an option, in words: one place for all who refuse a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# The first is for one, the second for the elements of a list.
WORDS = {
    "bool": ("true or false", "truth values"),
    "dict": ("a dictionary", "dictionaries"),
    "float": ("a number", "numbers"),
    "int": ("a whole number", "whole numbers"),
    "list": ("a list", "lists"),
    "path": ("a path", "paths"),
    "str": ("a text", "texts"),
}


def allowed(option: str, spec: Mapping[str, Any]) -> str:
    """Return what is allowed for an option."""
    kind = str(spec.get("type", "str"))
    elements = f" of {WORDS[spec['elements']][1]}" if kind == "list" and spec.get("elements") in WORDS else ""
    choices = spec.get("choices")
    what = f"one of {', '.join(map(str, choices))}" if choices else f"{WORDS[kind][0]}{elements}"
    parts = list(_parts(spec.get("options") or {}))
    return f"{option} must be {what}{' with ' if parts else ''}{', '.join(parts)}."


def _parts(options: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, spec in options.items():
        yield name if spec.get("required") else f"{name} (may be left out)"
