# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a database server that can be run: named, installed, or unpacked. Standard library only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from world.debian import RECIPES, fetch
from world.errors import WorldError
from world.layout import SERVERS

VERSION = re.compile(r"Ver\s+(\S+)")


@dataclass(frozen=True)
class Installation:
    """A server program with the arguments that it needs wherever it lies."""

    flavor: str
    command: tuple[str, ...]
    share: Path
    version: str


def find(flavor: str) -> Installation:
    """The server to use: the one that MYSQLD or MARIADBD names, an installed one, or the unpacked packages."""
    recipe = RECIPES[flavor]
    named = os.environ.get(recipe.variable)
    if named:
        found = installed(flavor, Path(named))
        if found is None:
            raise WorldError(f"{recipe.variable}={named} is not a program of a {flavor} server.")
        return found
    for folder in [*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin"]:
        found = installed(flavor, Path(folder) / Path(recipe.program).name)
        if found:
            return found
    return unpacked(flavor)


def installed(flavor: str, program: Path) -> Installation | None:
    """The server at this path, or None where there is none or, as `mysqld` often is, one of the other flavor."""
    if not shutil.which(program):
        return None
    banner = subprocess.run([program, "--no-defaults", "--version"], capture_output=True, text=True, check=False).stdout
    version = VERSION.search(banner)
    if version is None or ("MariaDB" in banner) != (flavor == "mariadb"):
        return None
    return Installation(flavor, (str(program), "--no-defaults"), share_folder(program.resolve()), version[1])


def share_folder(program: Path) -> Path:
    """Where an installed server keeps the SQL files of its system tables."""
    prefix = program.parent.parent
    for name in ("share/mysql", "share/mariadb", "share"):
        if (prefix / name).is_dir():
            return prefix / name
    return prefix


def unpacked(flavor: str) -> Installation:
    """The server from Debian's packages, run through the loader and libraries that were unpacked with it."""
    folder = fetch(flavor)
    server, share, record = folder / RECIPES[flavor].program, folder / "usr/share/mysql", folder / "version"
    libraries = library_folders(folder)
    command = (
        str(loader(folder)),
        "--library-path",
        ":".join(str(path) for path in libraries),
        str(server),
        "--no-defaults",
        f"--basedir={folder / 'usr'}",
        f"--lc-messages-dir={share}",
        f"--plugin-dir={folder / 'usr/lib/mysql/plugin'}",
    )
    if not record.is_file():
        record.write_text(version_of(command))
    return Installation(flavor, command, share, record.read_text())


def version_of(command: tuple[str, ...]) -> str:
    """What the server says its version is; a server that cannot run here is found out now."""
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    version = VERSION.search(done.stdout)
    if version is None:
        raise WorldError(
            f"The unpacked server does not run here ({done.stderr.strip()[-200:]}); remove {SERVERS} and try again."
        )
    return version[1]


def library_folders(folder: Path) -> list[Path]:
    """The folders of shared libraries inside the unpacked tree."""
    roots = (folder / "usr/lib", folder / "lib")
    triplets = [path for root in roots for path in sorted(root.glob("*-linux-gnu*"))]
    return [*triplets, folder / "usr/lib/mysql/private"]


def loader(folder: Path) -> Path:
    """The dynamic loader inside the unpacked tree; its links elsewhere lead out of the tree."""
    candidates = [path for libraries in library_folders(folder) for path in libraries.glob("ld-linux*.so.*")]
    if not candidates:
        raise WorldError(f"No dynamic loader was unpacked; remove {folder} and try again.")
    return candidates[0]
