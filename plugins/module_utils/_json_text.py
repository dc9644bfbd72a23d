# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON that somebody wrote as a setting or an event."""

from __future__ import annotations

import json
from typing import Any

# In the place of a text that is no JSON.
UNREADABLE = object()


def read_json(text: str) -> Any:
    """Read JSON; what is none, or says a thing twice, is UNREADABLE, which is no value of any type."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return UNREADABLE


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found
