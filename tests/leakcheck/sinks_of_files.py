# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a run leaves."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from leaks import files
from managed import ROOT

from .sink import Found, Place, Sink
from .watch import Watch

ABORT = "import os, sys; secret = sys.stdin.read(); os.abort()"


@dataclass
class Files(Sink):
    """Files of one kind."""

    name: str
    place: Place
    pattern: str

    def collect(self) -> Iterator[Found]:
        """Every file that matches, or is in a folder that does."""
        for path in self.place.left.glob(self.pattern):
            for file in [path] if path.is_file() else files(path):
                yield str(file.relative_to(self.place.left)), file.read_bytes()

    def plant(self, text: str) -> None:
        """Write a file of this kind, or into such a folder."""
        path = self.place.left / self.pattern.replace("*", "x")
        if not path.suffix and path.parent == self.place.left:
            path = path / "stdout"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"it is {text}!")


@dataclass
class Transient(Sink):
    """Temporary files and caches, those too that are gone at the end."""

    place: Place
    watch: Watch
    name: str = "temporary files and caches"

    def collect(self) -> Iterator[Found]:
        """What was seen during the run, and what is left."""
        yield from ((name, data) for name, data in self.watch.files.items())
        yield from ((path.name, path.read_bytes()) for path in files(self.place.temporary))

    def plant(self, text: str) -> None:
        """Write a file, and remove it a moment later."""
        path = self.place.temporary / "local/part"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.watch.look_twice()
        path.unlink()


@dataclass
class CoreFiles(Sink):
    """What the kernel writes of a process that crashes: where it works, or where its files are."""

    place: Place
    name: str = "core files"

    def collect(self) -> Iterator[Found]:
        """Every core file in the checkout and below the folder."""
        found = [*ROOT.glob("core*"), *self.place.base.rglob("core*")]
        cores = [path for path in found if path.is_file() and path.name.removeprefix("core").strip(".").isdigit()]
        cores += [path for path in found if path.is_file() and path.name == "core"]
        for path in cores:
            yield path.name, path.read_bytes()
            path.unlink()

    def plant(self, text: str) -> None:
        """Let a process crash that was told the secret."""
        subprocess.run(
            [sys.executable, "-c", ABORT],
            input=text.encode(),
            cwd=self.place.temporary,
            check=False,
        )


def allow_core_files() -> None:
    """Let the kernel write core files of this process and its children, as some machines do."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


@contextmanager
def core_files_allowed() -> Iterator[None]:
    """Let what is started meanwhile leave core files."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    allow_core_files()
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
