# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures at a glance. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .facts import DUE_SOON, HEALTHY, TROUBLE, Document

COUNTED = (HEALTHY, DUE_SOON, "overdue", "failing", "unfinished", "paused", "unreadable")


@dataclass(frozen=True)
class Figures:
    """Numbers of clients by state, the oldest password, and how many due dates were kept."""

    clients: int
    counts: dict[str, int]
    oldest: str
    oldest_days: int
    kept: int
    due_dates: int

    @property
    def kept_percent(self) -> str:
        """Return the share, rounded down: only all of them are 100 %."""
        return f"{self.kept * 1000 // self.due_dates / 10:.1f} %" if self.due_dates else "unknown"

    @property
    def headline(self) -> str:
        """Return the state of the fleet in a sentence."""
        wrong = [f"{self.counts[state]} {state}" for state in TROUBLE if self.counts[state]]
        if not self.clients:
            return "There is no client."
        if not wrong:
            return f"All {self.clients} clients are healthy." if self.clients > 1 else "The only client is healthy."
        return f"{self.counts[HEALTHY]} of {self.clients} clients healthy; {', '.join(wrong)}."

    def as_result(self) -> dict[str, Any]:
        """Return them as plain data."""
        named = {name.replace(" ", "_"): count for name, count in self.counts.items()}
        oldest = {"oldest_client": self.oldest, "oldest_days": self.oldest_days}
        return {"clients": self.clients, **named, **oldest, "due_dates": self.due_dates, "due_dates_kept": self.kept}


def figures(document: Document) -> Figures:
    """Return the figures of a document."""
    clients, now = document["clients"], datetime.fromisoformat(document["at"])
    counts = Counter(flag for client in clients for flag in client["flags"])
    oldest = min((client for client in clients if client.get("last")), key=lambda one: one["last"], default=None)
    return Figures(
        clients=len(clients),
        counts={name: counts[name] for name in COUNTED},
        oldest=oldest["name"] if oldest else "",
        oldest_days=(now - datetime.fromisoformat(oldest["last"])).days if oldest else 0,
        kept=sum(client["kept"][0] for client in clients),
        due_dates=sum(client["kept"][1] for client in clients),
    )
