# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spool: a folder with one file for each run, one JSON line for each event.

Whoever writes to a run's file or ships it holds the lock (flock) of that file. The run itself holds it from the first
event to its end, and the kernel lets go of it when the process dies, so a file that can be locked is one whose run is
over. Beside the file lie its marks: how far it has been shipped, and what was refused.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from .._files import PRIVATE, replace_file

WAITING, SHIPPED, OFFSET, REJECTED = ".jsonl", ".shipped", ".offset", ".rejected"
FOLDER_MODE = 0o700


def default_folder() -> Path:
    """Return the folder that is used where none is named."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(state) / "dbops-rotation/spool"


class SpooledRun:
    """The file of one run and its marks. Only the holder of the lock may use it, but for reading."""

    def __init__(self, path: Path) -> None:
        """Take the path of the file, whether it exists or not."""
        self.path = path

    def waiting(self) -> tuple[int, list[bytes]]:
        """Return from where on the file has not been shipped, and the whole lines that follow."""
        offset = self._offset()
        with open(self.path, "rb") as file:
            file.seek(offset)
            return offset, [line for line in file if line.endswith(b"\n")]

    def mark(self, offset: int) -> None:
        """Remember that everything before this place has been shipped."""
        replace_file(self.path.with_suffix(OFFSET), str(offset).encode())

    def keep_rejected(self, lines: list[bytes]) -> None:
        """Keep apart what will never be shipped."""
        file = os.open(self.path.with_suffix(REJECTED), os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
        try:
            _write(file, b"".join(lines))
            os.fsync(file)
        finally:
            os.close(file)

    def retire(self) -> None:
        """Call the file shipped. A mark that is left over would do no harm: this is the one that counts."""
        self.path.rename(self.path.with_suffix(SHIPPED))
        self.path.with_suffix(OFFSET).unlink(missing_ok=True)

    def _offset(self) -> int:
        """Return the mark; without a good one, events may come twice but never get lost."""
        try:
            offset = int(self.path.with_suffix(OFFSET).read_text())
        except (OSError, ValueError):
            return 0
        return offset if 0 <= offset <= self.path.stat().st_size else 0


class RunSpool:
    """The file of the run that is under way, locked until it is closed."""

    def __init__(self, folder: Path, run_id: str, began: datetime) -> None:
        """Make the file; raises OSError where the folder cannot be used."""
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        path = folder / f"{began.astimezone(UTC):%Y%m%dT%H%M%SZ}-{run_id}{WAITING}"
        # Another run must never see it unlocked, so it gets its name with the lock on.
        nameless = path.with_suffix(".new")
        self._file = os.open(nameless, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            nameless.rename(path)
        except OSError:
            os.close(self._file)
            raise
        self.run = SpooledRun(path)
        self._size = 0

    def append(self, line: bytes) -> None:
        """Write one event to the disk, or raise OSError and leave the file as it was."""
        try:
            _write(self._file, line)
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(line)

    def close(self) -> None:
        """Let go of the file. Worker processes hold a copy of the descriptor, so closing it would not be enough."""
        fcntl.flock(self._file, fcntl.LOCK_UN)
        os.close(self._file)


def runs_to_ship(folder: Path) -> Iterator[SpooledRun]:
    """Return the files that no living run holds, oldest first, each locked while it is worked on."""
    for path in _files(folder, WAITING):
        with _lock_of(path) as is_ours:
            if is_ours:
                yield SpooledRun(path)


def spooled_lines(folder: Path) -> Iterator[bytes]:
    """Return every event of the folder, shipped or not."""
    for path in _files(folder, WAITING, SHIPPED):
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # a run has shipped it in this moment
            content = path.with_suffix(SHIPPED).read_bytes()
        yield from content.splitlines()


def remove_shipped(folder: Path, keep_days: int) -> None:
    """Remove files that were shipped more than so many days ago."""
    limit = time.time() - keep_days * 86400
    for path in _files(folder, SHIPPED):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < limit:
                path.unlink()


def _files(folder: Path, *suffixes: str) -> list[Path]:
    """Return the files of a kind, oldest run first; OSError where the folder is there and cannot be read."""
    return sorted(path for path in folder.iterdir() if path.suffix in suffixes) if folder.exists() else []


@contextmanager
def _lock_of(path: Path) -> Iterator[bool]:
    file = _open(path)
    try:
        yield file is not None and _lock(file, path)
    finally:
        if file is not None:
            fcntl.flock(file, fcntl.LOCK_UN)
            os.close(file)


def _open(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None


def _lock(file: int, path: Path) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another shipper may have been at it and renamed it between opening and locking.
        return os.fstat(file).st_ino == path.stat().st_ino
    except OSError:
        return False


def _write(file: int, content: bytes) -> None:
    """Write all of it; a disk that gets full takes a part."""
    while content:
        content = content[os.write(file, content) :]
