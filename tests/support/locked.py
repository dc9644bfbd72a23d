# SPDX-License-Identifier: GPL-3.0-or-later
"""Requirement files and locks, as data."""

from __future__ import annotations

from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))


def requirements(name: str) -> list[Requirement]:
    """Return what a requirement file asks for."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return [Requirement(line) for line in lines if line]


def locked(name: str) -> list[Requirement]:
    """Return the packages of a lock; one may be there in several versions, with markers."""
    lines = (ROOT / "locks" / f"{name}.txt").read_text().splitlines()
    pins = [Requirement(line.removesuffix("\\")) for line in lines if line and not line.startswith((" ", "#"))]
    for pin in pins:
        pin.name = canonicalize_name(pin.name)
    return pins
