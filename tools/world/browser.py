# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a Chrome or Chromium: named by BROWSER, installed, or unpacked. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from world.debian import BROWSER, fetch
from world.errors import WorldError
from world.installation import library_folders

PROGRAMS = ("chromium", "chromium-headless-shell", "google-chrome")


@dataclass(frozen=True)
class Browser:
    """A program, and what its environment needs besides."""

    program: str
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def arguments(self) -> list[str]:
        """Return what it needs: as root it runs only without its sandbox, and it opens nothing but our own files."""
        return ["--no-sandbox"] if os.geteuid() == 0 else []


def installed() -> Browser | None:
    """Return the browser that the environment names, or one that is installed."""
    named = os.environ.get(BROWSER.variable) or next(filter(None, map(shutil.which, PROGRAMS)), None)
    return Browser(named) if named else None


def find() -> Browser:
    """Return a browser that runs here; unpacked from Debian's packages where none is installed."""
    return installed() or unpacked(fetch(BROWSER))


def unpacked(folder: Path) -> Browser:
    """Return the browser in a folder, with the libraries and fonts that were unpacked beside it."""
    fonts = folder / "fonts.conf"
    dirs = f"<dir>{folder / 'usr/share/fonts'}</dir><cachedir>{folder / 'fonts'}</cachedir>"
    text = f"<?xml version='1.0'?><fontconfig>{dirs}</fontconfig>\n"
    if not fonts.is_file() or fonts.read_text() != text:  # a checkout may be moved, and without fonts it crashes
        fonts.write_text(text)
    folders = library_folders(folder)
    libraries = ":".join(str(path) for path in [*folders, *(path / "pulseaudio" for path in folders)])
    found = Browser(str(folder / BROWSER.program), {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(fonts)})
    command = [found.program, *found.arguments, "--version"]
    done = subprocess.run(command, env={**os.environ, **found.environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WorldError(f"The unpacked browser does not run here ({done.stderr.strip()[-200:]}); remove {folder}.")
    return found
