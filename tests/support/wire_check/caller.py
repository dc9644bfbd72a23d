# SPDX-License-Identifier: GPL-3.0-or-later
"""Which line of our code makes a request."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

PACKAGE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(PACKAGE)))
COLLECTIONS = "ansible_collections/"
OURS = f"{COLLECTIONS}dbops/rotation/"
SDK = ("/boto3/", "/botocore/")


def line() -> str:
    """Return file and line of the innermost frame that is ours; without one, of the first that is not the SDK's."""
    places = [place for place in _places() if not any(part in place for part in (PACKAGE, *SDK))]
    ours = [place for place in places if _is_ours(place)]
    return _short((ours or places or ["an unknown place"])[0])


def _places() -> Iterator[str]:
    frame = sys._getframe(1)
    while frame:
        yield f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]


def _is_ours(place: str) -> bool:
    return OURS in place or (place.startswith(ROOT) and "/.venv/" not in place and "/.cache/" not in place)


def _short(place: str) -> str:
    if OURS in place:
        return place.rpartition(OURS)[2]
    if COLLECTIONS in place:
        return place.rpartition(COLLECTIONS)[2]
    return place.removeprefix(f"{ROOT}/")
