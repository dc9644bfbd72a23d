# SPDX-License-Identifier: GPL-3.0-or-later
"""What the servers wrote into their general logs: refused logins, and anything that must not be there."""

from __future__ import annotations

import re
import threading
from collections import Counter
from pathlib import Path

REFUSED = re.compile(rb"Access denied for user '([^']+)'@")


class GeneralLog:
    """One server's log, read as it grows."""

    def __init__(self, path: Path) -> None:
        """Begin at the start."""
        self._path = path
        self._position = 0
        self._refused: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """How long it is now."""
        return self._path.stat().st_size

    def refused(self) -> Counter[str]:
        """How many logins of each account were refused so far."""
        with self._lock, self._path.open("rb") as log:
            log.seek(self._position)
            data = log.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._position += len(whole)
            self._refused.update(name.decode() for name in REFUSED.findall(whole))
            return Counter(self._refused)

    def since(self, position: int) -> bytes:
        """What was written since it had that length."""
        with self._path.open("rb") as log:
            log.seek(position)
            return log.read()
