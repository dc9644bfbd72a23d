# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a database server that can be run: named, installed, or unpacked. Standard library only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from world.debian import RECIPES, Recipe, fetch
from world.errors import WorldError
from world.layout import SERVERS

VERSION = re.compile(r"Ver\s+(\S+)")


@dataclass(frozen=True)
class Installation:
    """A server program with the arguments that it needs wherever it lies."""

    name: str
    flavor: str
    command: tuple[str, ...]
    share: Path
    version: str


def find(name: str) -> Installation:
    """Return the server of this name; a default one may also be named by MYSQLD or MARIADBD, or be installed."""
    recipe = RECIPES[name]
    return (named_or_installed(recipe) if recipe.variable else None) or unpacked(recipe)


def named_or_installed(recipe: Recipe) -> Installation | None:
    """Return the server that the environment names, or the first one that is installed on this machine."""
    named = os.environ.get(recipe.variable)
    if named:
        found = installed(recipe, Path(named))
        if found is None:
            raise WorldError(f"{recipe.variable}={named} is not a program of a {recipe.flavor} server.")
        return found
    folders = [*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin"]
    programs = (Path(folder) / Path(recipe.program).name for folder in folders)
    return next(filter(None, (installed(recipe, program) for program in programs)), None)


def installed(recipe: Recipe, program: Path) -> Installation | None:
    """Return the server at this path, or None where there is none or, as `mysqld` often is, one of the other flavor."""
    if not shutil.which(program):
        return None
    banner = subprocess.run([program, "--no-defaults", "--version"], capture_output=True, text=True, check=False).stdout
    version = VERSION.search(banner)
    if version is None or ("MariaDB" in banner) != (recipe.flavor == "mariadb"):
        return None
    command, share = (str(program), "--no-defaults"), share_folder(program.resolve())
    return Installation(recipe.name, recipe.flavor, command, share, version[1])


def share_folder(program: Path) -> Path:
    """Return where a server keeps its messages and the SQL files of its system tables."""
    prefix = program.parent.parent
    for name in ("share/mysql", "share/mariadb", "share"):
        if (prefix / name).is_dir():
            return prefix / name
    return prefix


def unpacked(recipe: Recipe) -> Installation:
    """Return the server from Debian's packages, run through the loader and libraries that were unpacked with it."""
    folder = fetch(recipe)
    server, share, record = folder / recipe.program, share_folder(folder / recipe.program), folder / "version"
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
    return Installation(recipe.name, recipe.flavor, command, share, record.read_text())


def version_of(command: tuple[str, ...]) -> str:
    """Return what the server says its version is; a server that cannot run here is found out now."""
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    version = VERSION.search(done.stdout)
    if version is None:
        raise WorldError(
            f"The unpacked server does not run here ({done.stderr.strip()[-200:]}); remove {SERVERS} and try again."
        )
    return version[1]


def library_folders(folder: Path) -> list[Path]:
    """Return the folders of shared libraries inside the unpacked tree."""
    roots = (folder / "usr/lib", folder / "lib")
    triplets = [path for root in roots for path in sorted(root.glob("*-linux-gnu*"))]
    return [*triplets, folder / "usr/lib/mysql/private"]


def loader(folder: Path) -> Path:
    """Return the dynamic loader inside the unpacked tree; its links elsewhere lead out of the tree."""
    candidates = [path for libraries in library_folders(folder) for path in libraries.glob("ld-linux*.so.*")]
    if not candidates:
        raise WorldError(f"No dynamic loader was unpacked; remove {folder} and try again.")
    return candidates[0]
