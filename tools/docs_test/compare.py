# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run said what the page shows. This is the one place that knows how tolerant that is.

Every shown line has to be in the output, in the order of the page; other lines may stand between them. Ids, moments,
ports, durations, versions of servers and the length of rules are the same whatever they are. Spaces and line breaks do
not count. `...` stands for anything.
"""

from __future__ import annotations

import re

SAME = (
    (r"\x1b\[[0-9;]*m", ""),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?", "TIME"),
    (r"127\.0\.0\.1:\d+", "PORT"),
    (r"\b(MySQL|MariaDB) \d+(\.\d+)+", r"\1 VERSION"),
    (r"\b\d+(\.\d+)? s\b", "SECONDS"),
    (r"\*{3,}", "***"),
    (r"-{3,}", "---"),
    (r"\s+", " "),
)


def plain(text: str) -> str:
    """Return a text without what differs from run to run."""
    for pattern, instead in SAME:
        text = re.sub(pattern, instead, text)
    return text.strip()


def missing(shown: str, output: str) -> str:
    """Return the first shown line that the output does not have after those before it; empty if it has them all."""
    rest = plain(output)
    for line in shown.splitlines():
        words = [re.escape(part.strip()) for part in plain(line).split("...")]
        found = re.search(".*?".join(words), rest)
        if not found:
            return line
        rest = rest[found.end() :]
    return ""
