# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a report: written where it says something else than the report would, and replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._codes import Code
from .._errors import RotationError
from .._files import has_mode, locked_folder, replace_file
from .facts import Document
from .figures import figures
from .page import as_json, digest, document_of, page


@dataclass(frozen=True)
class Target:
    """Where the page goes, and with which permissions."""

    path: Path
    mode: int


def write(document: Document, target: Target, *, check: bool) -> dict[str, Any]:
    """Write the page of a document, and return what was done.

    A page of the same day that says the same is left, with its own time of day. Raises RotationError where the file
    cannot be read or written.
    """
    with _located(target.path), locked_folder(target.path.parent):
        there = target.path.read_bytes() if target.path.exists() else b""
        before = document_of(there)
        if before and _is_as_good(before, document, there) and has_mode(target.path, target.mode):
            return _result(before, before, target.path, "is left as it is: it says the same")
        new = page(document)
        if not check:
            replace_file(target.path, new, target.mode)
    return _result(before, document, target.path, "would be written" if check else "is written")


def _is_as_good(before: Document, document: Document, there: bytes) -> bool:
    if before["at"][:10] != document["at"][:10]:
        return False
    as_then = {**document, "at": before["at"]}
    return as_then == before and page(as_then) == there


def _result(before: Document | None, after: Document, path: Path, done: str) -> dict[str, Any]:
    at_a_glance, sealed = figures(after), digest(as_json(after))
    return {
        "changed": before is not after,
        "msg": f"The report {path} {done}. {at_a_glance.headline} SHA-256 of its data: {sealed}",
        "path": str(path),
        "digest": sealed,
        "figures": at_a_glance.as_result(),
        "diff": {
            "before_header": str(path),
            "after_header": str(path),
            "before": _lines(before),
            "after": _lines(after),
        },
    }


def _lines(document: Document | None) -> str:
    """Return a document in lines that can be compared: the headline, and one line for each client."""
    if document is None:
        return ""
    clients = (
        f"{one['name']}: {', '.join(one['flags'])}; due {one.get('due', 'unknown')}; {len(one['events'])} events"
        for one in document["clients"]
    )
    return "".join(f"{line}\n" for line in (f"{document['at'][:10]}: {figures(document).headline}", *clients))


@contextmanager
def _located(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RotationError(
            f"The report {path} cannot be written: {error.strerror}.",
            code=Code.REPORT_FILE,
            next_step="Correct {option|report.path}, or make its folder one that this user may write to.",
            state="The file is as it was.",
        ) from None
