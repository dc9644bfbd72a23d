# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of evidence: written where they say something else than the evidence would, and replaced together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from .._codes import Code
from .._errors import RotationError
from .._files import PRIVATE, has_mode, locked_folder, replace_files
from .document import FORMAT, Document, headline, not_read
from .tables import tables

WHOLE, MANIFEST = "evidence.json", "SHA256SUMS"


def write(document: Document, folder: Path, *, check: bool) -> dict[str, Any]:
    """Write the files of a document into a folder, and return what was done.

    Files of the same day that say the same are left. Raises RotationError where they cannot be read or written.
    """
    with _located(folder), locked_folder(folder):
        before = _there(folder)
        if before and _is_as_good(before, document, folder):
            return _result(before, before, folder, "is left as it is: it says the same")
        if not check:
            replace_files(folder, files(document))
    return _result(before, document, folder, "would be written" if check else "is written")


def files(document: Document) -> dict[str, bytes]:
    """Return the files of a document; the last one has the digests of the others, as sha256sum -c reads them."""
    made = {WHOLE: _whole(document), **tables(document)}
    sums = "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in made.items())
    return {**made, MANIFEST: sums.encode()}


def document_of(data: bytes) -> Document | None:
    """Return the document of a file; None where the file is something else."""
    try:
        document = json.loads(data)
    except ValueError:
        return None
    return document if isinstance(document, dict) and document.get("format") == FORMAT else None


def _whole(document: Document) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _there(folder: Path) -> Document | None:
    path = folder / WHOLE
    before = document_of(path.read_bytes()) if path.exists() else None
    try:
        _lines(before)
        return before if before is None or isinstance(before["at"], str) else None
    except (KeyError, TypeError, AttributeError):  # somebody has changed it
        return None


def _is_as_good(before: Document, document: Document, folder: Path) -> bool:
    if before["at"][:10] != document["at"][:10]:
        return False
    as_then = files({**document, "at": before["at"]})
    return all(_holds(folder / name, data) for name, data in as_then.items())


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and has_mode(path, PRIVATE) and path.read_bytes() == data


def _result(before: Document | None, after: Document, folder: Path, done: str) -> dict[str, Any]:
    digest = sha256(_whole(after)).hexdigest()
    missing = not_read(after)
    return {
        "changed": before is not after,
        "msg": f"The evidence {folder} {done}. {headline(after)} SHA-256 of {WHOLE}: {digest}",
        "path": str(folder),
        "digest": digest,
        "exceptions": after["exceptions"],
        "not_read": missing,
        "warnings": missing,
        "diff": {
            "before_header": str(folder),
            "after_header": str(folder),
            "before": _lines(before),
            "after": _lines(after),
        },
    }


def _lines(document: Document | None) -> str:
    """Return a document in lines that can be compared."""
    if document is None:
        return ""
    rows = (f"{one['client']}: {one['kind']} since {one['since']}: {one['reason']}" for one in document["exceptions"])
    return "".join(f"{line}\n" for line in (headline(document), *rows, *not_read(document)))


@contextmanager
def _located(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RotationError(
            f"The evidence {folder} cannot be written: {error.strerror}.",
            code=Code.EVIDENCE_FILE,
            next_step="Correct {option|evidence.path}, or make it a folder that this user may write to.",
            state="The files are as they were.",
        ) from None
