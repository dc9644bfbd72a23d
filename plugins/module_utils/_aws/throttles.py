# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often AWS throttled a request, which was then sent again.

botocore waits by itself before it asks again: in its standard mode a random time up to 1, 2, 4, 8 seconds.
"""

from __future__ import annotations

from typing import Any

THROTTLED = (
    *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException"),
    *("TooManyRequestsException", "RequestLimitExceeded", "SlowDown"),
)
EVENT, WATCHER = "needs-retry", "dbops-rotation-throttles"


class Throttles:
    """The count of one run."""

    def __init__(self) -> None:
        """Begin at none."""
        self.count = 0

    def watch(self, client: Any) -> None:
        """Count on a client from now on, in place of the run before; nothing is changed in how it asks again."""
        events = client.meta.events
        events.unregister(EVENT, unique_id=WATCHER)
        events.register(EVENT, self._see, unique_id=WATCHER)

    def _see(self, response: tuple[Any, dict[str, Any]] | None, **_about: Any) -> None:
        _answer, fields = response or (None, {})
        self.count += fields.get("Error", {}).get("Code") in THROTTLED
