# SPDX-License-Identifier: GPL-3.0-or-later
"""The short form for CI: how many times as long the stock playbook takes, against what docs/performance.md claims."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .measure import Measured
from .runs import Asked

# The stock playbook takes seconds for each client, however many there are, so a third of them is enough.
SHORT = Asked(stock=20, growth=(60,))
CLAIM = re.compile(r"the stock playbook takes (\d+(?:\.\d+)?) times as long")


def claimed(page: str) -> float:
    """Return the ratio that the page claims."""
    (ratio,) = CLAIM.findall(" ".join(page.split()))
    return float(ratio)


def verdict(runs: Sequence[Measured], page: str) -> str:
    """Return why the ratio is too small; empty where it is at least half of the claim."""
    ours, stock = (next(one for one in runs if one.name.startswith(name)) for name in ("ours", "stock"))
    ratio, claim = stock.wall_each / ours.wall_each, claimed(page)
    if ratio >= claim / 2:
        return ""
    return f"The stock playbook takes {ratio:.1f} times as long for a client; docs/performance.md claims {claim:g}."
