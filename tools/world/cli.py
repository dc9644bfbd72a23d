# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of `python -m world`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence

from world import browser, debian, installation, template
from world.errors import WorldError

# What needs packages from .venv is imported where it is used: `fetch` runs while .venv is being made.


def main(arguments: Sequence[str]) -> int:
    """Run one command; trouble that a person can understand is one sentence."""
    parser = argparse.ArgumentParser(prog="world", description="A local AWS, two MySQL servers and a MariaDB server.")
    commands: dict[str, tuple[Callable[[str | None], int], str]] = {
        "up": (up, "start everything and leave it running"),
        "down": (down, "stop what 'up' started"),
        "fetch": (fetch, "download and prepare the usual database servers, or one"),
        "browser": (fetch_browser, "download the browser of the report's tests, unless one is installed"),
    }
    listed = "; ".join(f"{name}: {text}" for name, (_, text) in commands.items())
    parser.add_argument("command", choices=commands, help=listed)
    parser.add_argument("server", nargs="?", choices=debian.RECIPES, help="with fetch: only this server")
    options = parser.parse_args(arguments)
    try:
        return commands[options.command][0](options.server)
    except (WorldError, subprocess.SubprocessError, OSError) as error:
        print(f"world: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def fetch(name: str | None) -> int:
    """Get one server and prepare its template, or do so for the usual ones, side by side."""
    if name is None:
        return debian.fetch_usual()
    template.prepare(installation.find(name))
    return 0


def fetch_browser(_: str | None) -> int:
    """Download the browser, unless one is installed."""
    browser.find()
    return 0


def up(_: str | None) -> int:
    """Start the world unless it runs, and print what to try."""
    from world import demo

    print(demo.up())
    return 0


def down(_: str | None) -> int:
    """Stop the world."""
    from world import demo

    print(demo.down())
    return 0
