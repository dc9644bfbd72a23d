# SPDX-License-Identifier: GPL-3.0-or-later
"""A replica region of one secret, which the emulator has not: what it gives out lags behind AWSCURRENT."""

from __future__ import annotations

import json
from typing import Any

from http_messages import Fate

NAME = "eu-west-1"
# How many questions hear that a replication is under way before it is over.
LAG = 1


class Region:
    """It gives out the version that was AWSCURRENT until it has caught up; DescribeSecret tells how far it is."""

    def __init__(self) -> None:
        """Describe a region that has nothing yet."""
        self.version = ""
        # Kept from catching up, for as long as a test wants to look at what it gives out.
        self.held = False
        self._left = LAG

    def told(self, answer: Fate) -> Fate:
        """AWS's answer with the region in it; asked often enough, it has caught up."""
        if answer.status != 200:
            return answer
        description = json.loads(answer.answer)
        current = current_of(description)
        if current != self.version and not self.held:
            self._catch_up(current)
        return with_region(description, behind=current != self.version)

    def told_late(self, answer: Fate) -> Fate:
        """An answer of the state before, which moves nothing."""
        description = json.loads(answer.answer)
        return with_region(description, behind=current_of(description) != self.version)

    def _catch_up(self, current: str) -> None:
        self._left -= 1
        if self._left < 0:
            self.version, self._left = current, LAG


def current_of(description: dict[str, Any]) -> str:
    """The version under AWSCURRENT."""
    versions = description.get("VersionIdsToStages", {})
    return next((version for version, labels in versions.items() if "AWSCURRENT" in labels), "")


def with_region(description: dict[str, Any], *, behind: bool) -> Fate:
    """A description in which the region has its status."""
    status = {"Region": NAME, "Status": "InProgress" if behind else "InSync"}
    return Fate(answer=json.dumps({**description, "ReplicationStatus": [status]}).encode())
