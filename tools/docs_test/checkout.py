# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the checkout, as a clone has it, for one page: what the page changes stays there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from world.layout import ROOT

# What `make setup` would download and install once more.
PREPARED = (".venv", ".cache/servers")


@contextmanager
def copied() -> Iterator[Path]:
    """Return the copy, and end its world and remove it afterwards."""
    with TemporaryDirectory(prefix="docs-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "rotation"
        for name in files():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
        (copy / ".cache").mkdir()
        for name in PREPARED:
            (copy / name).symlink_to((ROOT / name).resolve())
        try:
            yield copy
        finally:
            stop = ["make", "--silent", "world-stop"]
            subprocess.run(stop, cwd=copy, env=environment(), stdout=subprocess.DEVNULL, check=False)


def files() -> list[str]:
    """Return the files of a clone, with changes that are not committed yet."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in listed if name and os.path.lexists(ROOT / name)]


def environment() -> dict[str, str]:
    """Return what a reader's shell has: no settings of AWS, Ansible, Python or a world that runs elsewhere."""
    ours = ("AWS_", "ANSIBLE_", "PYTEST_", "PYTHON", "ROTATION_", "WORLD_", "MAKE", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1,localhost"}
