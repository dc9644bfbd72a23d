# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to change a password that the matrix walks, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cases import Case

OVERLAP_SECONDS = 2
HOOK = str(FilePath(__file__).with_name("hook.yml"))


def nothing(_case: Case) -> None:
    """The client is fine as it is."""


def rotate_with_overlap(case: Case) -> None:
    """Rotate, and keep the old password for a moment that is over soon."""
    case.client.rotate(overlap=OVERLAP_SECONDS)


@dataclass(frozen=True)
class Path:
    """A playbook with variables, what is done to a client before it, and how long an old password may live after it."""

    name: str
    playbook: str
    variables: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[Case], None] = nothing
    overlap: float = 0
    wait: float = 0
    # A replica region that lags at first gives out the old password.
    replicated: bool = False
    # Secrets Manager's own rotation calls the function.
    native: bool = False
    # How much processor time a case takes, in those of a fresh rotation.
    weight: int = 1


PATHS = {
    path.name: path
    for path in (
        Path("fresh", "rotate.yml"),
        Path("overlap", "rotate.yml", {"rotation_overlap": OVERLAP_SECONDS}, overlap=OVERLAP_SECONDS),
        Path("overlap-end", "rotate.yml", prepare=rotate_with_overlap, wait=OVERLAP_SECONDS + 1),
        Path("replicas", "rotate.yml", replicated=True),
        Path("rollback", "playbooks/rollback.yml"),
        Path("hooks", "tests/faults/hooks.yml", {"rotation_hooks": [HOOK]}, weight=2),
        Path("native", "tests/faults/native.yml", native=True, weight=3),
    )
}
