# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup file: encrypted text, replaced as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .._codes import Code
from .._errors import RotationError
from .._files import locked_folder, replace_file


def read_file(path: Path) -> bytes | None:
    """Read a file; None where there is none."""
    with _readable_errors("read", path):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


def write_file(path: Path, data: bytes) -> None:
    """Replace a file in one step, within ``locked``: a run that is killed leaves the old one or the new one."""
    with _readable_errors("written", path):
        replace_file(path, data)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other backups away from the folder of a file, so that none undoes what another one has just added."""
    with ExitStack() as stack:
        with _readable_errors("written", path):
            stack.enter_context(locked_folder(path.parent))
        yield


def missing(path: Path) -> RotationError:
    """Return the error of a file that has to be there."""
    return RotationError(
        f"The backup file {path} does not exist.", code=Code.BACKUP_FILE, next_step="Correct {option|backup.path}."
    )


@contextmanager
def _readable_errors(operation: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RotationError(
            f"The backup file {path} cannot be {operation}: {error.strerror}.",
            code=Code.BACKUP_FILE,
            next_step="Correct {option|backup.path}, or make its folder one that this user may write to.",
        ) from None
