# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpacks database servers, and a browser, from Debian packages into the cache, without root. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from world.apt_source import Source, find_mirror
from world.errors import WorldError
from world.layout import SERVERS, locked

# Only these folders are needed to run a server or a browser.
KEPT = ("usr/sbin", "usr/lib", "lib", "usr/share/mysql", "usr/share/mariadb", "usr/share/fonts")
# Within them, these are large and never read.
DROPPED = (
    "usr/lib/mysql/plugin/auth_pam_tool_dir",
    "usr/lib/locale",
    "usr/lib/systemd",
    "usr/lib/*/gconv",
    "lib/systemd",
)


@dataclass(frozen=True)
class Recipe:
    """A program by name: its kind, which packages make it runnable, and from which Debian suite they come."""

    name: str
    flavor: str
    suite: str
    package: str
    # Unpacked without what they depend on, for their plugins.
    extras: tuple[str, ...]
    program: str
    # Names another program to run instead; a server that stands for one version has none.
    variable: str = ""
    # What is depended on and not needed. Servers have helper scripts in Perl.
    unneeded: tuple[str, ...] = ("perl",)


def mariadb(name: str, suite: str, suffix: str = "", variable: str = "") -> Recipe:
    """Return a MariaDB: every suite has the server in one package and the plugins for its accounts in another."""
    core, plugins = f"mariadb-server-core{suffix}", f"mariadb-server{suffix}"
    return Recipe(name, "mariadb", suite, core, (plugins,), "usr/sbin/mariadbd", variable)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("mysql", "mysql", "sid", "mysql-server-core", (), "usr/sbin/mysqld", "MYSQLD"),
        mariadb("mariadb", "bookworm", variable="MARIADBD"),
        mariadb("mariadb-10.5", "bullseye", suffix="-10.5"),
        mariadb("mariadb-11.8", "trixie"),
        mariadb("mariadb-sid", "sid"),
    )
}
# It forks itself, so it cannot be started through an unpacked loader: the C library is that of the machine.
BROWSER = Recipe(
    *("chromium", "browser", "bookworm", "chromium-headless-shell", ("fonts-dejavu-core",)),
    *("usr/lib/chromium/chromium-headless-shell", "BROWSER", ("libc6", "libgl1-mesa-dri")),
)
# What the tests start unless they are asked for more; the others are fetched when they are first used.
USUAL = ("mysql", "mariadb", "mariadb-11.8")


def fetch(recipe: Recipe, servers: Path = SERVERS) -> Path:
    """Return the folder of the unpacked program, downloaded first where it is missing."""
    folder = servers / recipe.name
    with locked(servers / f".{recipe.name}.lock"):
        if not folder.is_dir():
            partial = servers / f".{recipe.name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            unpack(recipe, partial)
            # Renamed only when complete: a fetch that was interrupted starts again.
            (partial / "tree").rename(folder)
            shutil.rmtree(partial)
    return folder


def unpack(recipe: Recipe, folder: Path) -> None:
    """Download the program's packages and lay their files out under `folder/tree`."""
    print(f"{recipe.name}: downloading {recipe.package} of Debian {recipe.suite}", flush=True)
    apt = Apt(recipe, folder, mirror(recipe))
    apt.run("update")
    apt.run("install", "--download-only", recipe.package)
    if recipe.extras:
        apt.run("download", *recipe.extras)
    print(f"{recipe.name}: unpacking", flush=True)
    for package in sorted(apt.archives.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, folder / "raw"], check=True, stdout=subprocess.DEVNULL)
    prune(folder / "raw", folder / "tree")
    if not (folder / "tree" / recipe.program).is_file():
        raise WorldError(f"Debian's package {recipe.package} holds no {recipe.program}; {remedy(recipe)}.")


def mirror(recipe: Recipe) -> Source:
    """Return the Debian mirror of this machine, or a sentence that says what is missing."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise WorldError(f"{recipe.name} is not here and there is no apt to get it with; {remedy(recipe)}.")
    source = find_mirror()
    if source is None:
        raise WorldError(f"apt names no Debian mirror to get {recipe.name} from; {remedy(recipe)}.")
    return source


def remedy(recipe: Recipe) -> str:
    """Return what a person can do when no server can be downloaded."""
    if not recipe.variable:
        return f"it comes from Debian {recipe.suite} only; choose another server"
    return f"install one or name its program with {recipe.variable}=/path/to/{Path(recipe.program).name}"


class Apt:
    """apt-get with lists, status and archives of its own: the machine's package state is neither read nor written."""

    def __init__(self, recipe: Recipe, folder: Path, source: Source) -> None:
        """Prepare the private folders and the configuration file that points apt at them."""
        self.recipe = recipe
        self.archives = folder / "archives"
        self.config = folder / "apt.conf"
        for path in (folder / "lists" / "partial", self.archives / "partial"):
            path.mkdir(parents=True)
        (folder / "sources.list").write_text(source.line(recipe.suite))
        (folder / "status").write_text(pretended(*recipe.unneeded))
        self.config.write_text(configuration(folder))

    def run(self, *arguments: str) -> None:
        """Make one apt-get call; its first complaint becomes the sentence that a person reads."""
        command = ["apt-get", "-c", str(self.config), "-qq", "-y", *arguments]
        done = subprocess.run(
            command, cwd=self.archives, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            complaints = [line for line in done.stderr.splitlines() if line.startswith("E: ")]
            reason = complaints[0][3:].rstrip(". ") if complaints else f"exit status {done.returncode}"
            raise WorldError(
                f"apt-get {arguments[0]} failed for {self.recipe.package} ({reason}); {remedy(self.recipe)}."
            )


def configuration(folder: Path) -> str:
    """apt settings that keep every file in `folder`; proxies and the like still come from the machine's own."""
    settings = {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": folder,
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
        "Dir::Cache::archives": folder / "archives",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Log": folder,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Debug::NoLocking": "true",
    }
    # The machine's hooks clean its own caches and talk to its services; this run is none of their business.
    hooks = ("APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success", "DPkg::Post-Invoke")
    lines = [f"#clear {hook};" for hook in hooks] + [f'{name} "{value}";' for name, value in settings.items()]
    return "\n".join(lines) + "\n"


def pretended(*names: str) -> str:
    """Return a dpkg status with these packages installed: others depend on them, what we run does not need them."""
    architecture = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True)
    stanza = (
        "Package: {}\nStatus: install ok installed\nArchitecture: {}\n"
        "Multi-Arch: allowed\nVersion: 99:99\nMaintainer: none\nDescription: none\n\n"
    )
    return "".join(stanza.format(name, architecture.stdout.strip()) for name in names)


def prune(raw: Path, tree: Path) -> None:
    """Move what a server needs from the unpacked packages to `tree` and leave the rest behind."""
    for name in KEPT:
        if (raw / name).is_dir() and not (raw / name).is_symlink():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (raw / name).rename(tree / name)
    for pattern in DROPPED:
        for path in tree.glob(pattern):
            shutil.rmtree(path)


def fetch_usual() -> int:
    """Fetch the usual servers, side by side in processes that say what went wrong; the worst exit status."""
    path = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    running = [
        subprocess.Popen([sys.executable, "-S", "-m", "world", "fetch", name], env=environment) for name in USUAL
    ]
    return max(abs(process.wait()) for process in running)
