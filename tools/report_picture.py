# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the picture docs/report.png of the page that `make report` has written, with the browser of `make setup-dev`."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import sync_playwright
from world import browser

ROOT = Path(__file__).resolve().parents[1]
REPORT, PICTURE = ROOT / ".cache/report/fleet.html", ROOT / "docs/report.png"


def main() -> None:
    """Open the page and take the picture."""
    found = browser.find()
    with sync_playwright() as playwright:
        environment: dict[str, str | float | bool] = {**os.environ, **found.environment}
        started = playwright.chromium.launch(executable_path=found.program, args=found.arguments, env=environment)
        page = started.new_page(viewport={"width": 1200, "height": 1500}, color_scheme="light")
        page.goto(REPORT.as_uri())
        page.wait_for_selector("html[data-drawn]", state="attached")
        page.screenshot(path=PICTURE)
        started.close()


if __name__ == "__main__":
    main()
