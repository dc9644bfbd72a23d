# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that only its owner may read, unless somebody says more, replaced as a whole or not at all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE

PRIVATE = 0o600


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Keep others who ask for this lock away from the files of a folder. Raises OSError where there is no folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def replace_file(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Replace a file in one step, one process at a time: whoever is killed leaves the old content or the new one.

    When it returns the file is on the disk. Raises OSError, and then the file is as it was.
    """
    replace_files(path.parent, {path.name: data}, mode)


def replace_files(folder: Path, contents: Mapping[str, bytes], mode: int = PRIVATE) -> None:
    """Replace files of a folder, one after the other, when all of them are on the disk beside the old ones.

    Raises OSError; if one could not be written, all are as they were.
    """
    new = {folder / name: folder / f".{name}.new" for name in contents}
    try:
        for beside, data in zip(new.values(), contents.values(), strict=True):
            _write(beside, data, mode)
        for path, beside in new.items():
            beside.replace(path)
    except BaseException:
        for beside in new.values():
            beside.unlink(missing_ok=True)
        raise
    _sync_folder(folder)


def signature(path: str | None) -> tuple[int, ...] | None:
    """Return numbers that change with the content of a file; None where there is no such file."""
    try:
        found = os.stat(path or "")
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def has_mode(path: Path, mode: int) -> bool:
    """Return True if a file has these permissions."""
    return S_IMODE(path.stat().st_mode) == mode


def _write(path: Path, data: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
