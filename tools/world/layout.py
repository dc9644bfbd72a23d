# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the local world keeps its files, all of them under the checkout's `.cache`."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
SERVERS = CACHE / "servers"
# Molecule has a world of its own beside the one that a person may have running.
WORLD = Path(os.environ.get("WORLD_FOLDER") or CACHE / "world")
INVENTORY = ROOT / "inventories" / "demo"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes out of the same step until the block ends; the lock falls with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; a reader sees the old or the new content, never a part."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    partial.replace(path)
