# SPDX-License-Identifier: GPL-3.0-or-later
"""What every sink can do, and the folders of a mode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Where something was found, and what.
Found = tuple[str, bytes]


class Sink:
    """A place where a password could end up; `flavor` is that of the server, where it is one's."""

    name: str
    flavor: str = ""

    def begin(self) -> None:
        """Forget what is there already."""

    def collect(self) -> Iterator[Found]:
        """Return what has come since."""
        raise NotImplementedError

    def plant(self, text: str) -> None:
        """Let a secret get there."""
        raise NotImplementedError


@dataclass(frozen=True)
class Place:
    """The folders of one mode: what its runs are given is apart from what they leave."""

    base: Path

    def make(self) -> Place:
        """Make them."""
        for path in (self.left, self.temporary, self.documents, self.printed, self.given):
            path.mkdir(parents=True)
        return self

    @property
    def left(self) -> Path:
        """All that the runs leave."""
        return self.base / "left"

    @property
    def temporary(self) -> Path:
        """Their TMPDIR."""
        return self.left / "tmp"

    @property
    def documents(self) -> Path:
        """What playbooks write for people."""
        return self.left / "documents"

    @property
    def printed(self) -> Path:
        """What the runs print."""
        return self.left / "printed"

    @property
    def given(self) -> Path:
        """Inventories and passwords that the runs are given."""
        return self.base / "given"
