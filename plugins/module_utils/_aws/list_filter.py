# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of ListSecrets as AWS takes them. They compare beginnings only, so whoever lists has the last word.

A filter takes ten values of up to 512 ASCII characters, and one that begins with "!" is a negation
(https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html). Whether two filters of one kind mean
"and" or "or" is not documented, so no request may hold two.
"""

from __future__ import annotations

import re
from typing import Any

FILTER_VALUES = 10
TAKEN = re.compile(r"[a-zA-Z0-9 :_@/+=.-]{1,512}")


def list_filter(kind: str, *values: str) -> list[dict[str, Any]]:
    """Return one filter in a list, for what has one of these values; an empty list where AWS would refuse it."""
    fits = 0 < len(values) <= FILTER_VALUES and all(TAKEN.fullmatch(value) for value in values)
    return [{"Key": kind, "Values": list(values)}] if fits else []
