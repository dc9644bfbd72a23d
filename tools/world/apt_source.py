# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the Debian mirror that this machine already uses. Standard library only."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

APT = Path("/etc/apt")
# apt names neither an option of a source nor its keys here, but the file that has them.
FORMAT = "$(SITE) $(RELEASE) $(SOURCESENTRY)"
KEY_FILE = re.compile(r"(?i)\bsigned-by\s*[=:]\s*(/[^\s\],]+)")


@dataclass(frozen=True)
class Source:
    """One package source: where it is, a suite that it serves, and the files of the keys that sign it."""

    uri: str
    suite: str
    keys: tuple[str, ...] = ()

    def line(self, suite: str) -> str:
        """Return the one-line form of this source for another suite of the same mirror."""
        options = f"[signed-by={','.join(self.keys)}] " if self.keys else ""
        return f"deb {options}{self.uri} {suite} main\n"

    @property
    def rank(self) -> tuple[bool, bool]:
        """Return what sorts the Debian archive before third parties and mirrors with security updates only."""
        return "security" in self.suite or "security" in self.uri, not self.uri.endswith("/debian")


def find_mirror(apt: Path = APT) -> Source | None:
    """Return the best source for packages of any Debian suite; None where none is configured."""
    # Without the release files: the lists of a fresh machine are empty.
    command = ["apt-get", "indextargets", "--no-release-info", "--format", FORMAT, "-o", f"Dir::Etc={apt}"]
    command += ["Created-By: Packages", "Component: main"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return min((source(*line.split(" ", 2)) for line in listed), key=lambda found: found.rank, default=None)


def source(uri: str, suite: str, entry: str) -> Source:
    """Return the source of one line of apt's answer; ``entry`` is its file and the number of its line."""
    text = Path(entry.rpartition(":")[0]).read_text(errors="replace")
    return Source(uri, suite, tuple(dict.fromkeys(KEY_FILE.findall(text))))
