# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the diagrams of docs/diagrams from Mermaid to SVG, with the digest of the source in it.

It needs npx, and a Chrome or Chromium, which BROWSER may name; else Debian's is fetched. With --check it needs neither,
and only tells whether the pictures are those of the sources.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from world import browser

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "diagrams"
SOURCES = sorted(FOLDER.glob("*.mmd"))
RENDERER = ("npx", "--yes", "--package=@mermaid-js/mermaid-cli@11.17.0", "--package=puppeteer@24.43.1", "mmdc")


def picture(source: Path) -> Path:
    """Return where the picture of a source lies."""
    return source.with_suffix(".svg")


def mark(source: Path) -> str:
    """Return the line that ties a picture to its source."""
    return f"<!-- {source.name} sha256 {hashlib.sha256(source.read_bytes()).hexdigest()} -->\n"


def is_current(source: Path) -> bool:
    """Return True if the picture was made from the source as it is now."""
    return picture(source).is_file() and picture(source).read_text().endswith(mark(source))


def render(source: Path, settings: Path, more: dict[str, str]) -> None:
    """Make the picture of a source; raise CalledProcessError where Mermaid does not understand it."""
    target = picture(source)
    options = ("--quiet", "--backgroundColor", "white", "--svgId", source.stem, "--puppeteerConfigFile", str(settings))
    environment = {**os.environ, **more, "PUPPETEER_SKIP_DOWNLOAD": "true"}
    subprocess.run([*RENDERER, *options, "-i", str(source), "-o", str(target)], check=True, env=environment)
    target.write_text(target.read_text().rstrip() + "\n" + mark(source))


def main() -> int:
    """Render what has changed, or only tell, as an exit status, whether something has."""
    outdated = [source for source in SOURCES if not is_current(source)]
    if outdated and "--check" not in sys.argv[1:]:
        found = browser.find()
        with tempfile.TemporaryDirectory() as folder:
            settings = Path(folder) / "browser.json"
            settings.write_text(json.dumps({"executablePath": found.program, "args": found.arguments}))
            for source in outdated:
                render(source, settings, found.environment)
        return 0
    return int(bool(outdated))


if __name__ == "__main__":
    sys.exit(main())
