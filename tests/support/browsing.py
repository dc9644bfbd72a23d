# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser without a window, that reaches no network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from world import browser

# The page says so when its charts are drawn.
DRAWN = "html[data-drawn]"


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start the browser, and end it whatever happens."""
    found = browser.find()
    with sync_playwright() as playwright:
        options: dict[str, Any] = {"executable_path": found.program, "args": found.arguments}
        started = playwright.chromium.launch(**options, env={**os.environ, **found.environment})
        try:
            yield started
        finally:
            started.close()


def opened(started: Browser, path: Path, **options: Any) -> Page:
    """Open a page of a file and wait for its charts; whatever it complains about is an AssertionError."""
    page = started.new_context(offline=True, **options).new_page()
    page.on("console", lambda message: _refuse(message.text))
    page.on("pageerror", lambda error: _refuse(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector(DRAWN, state="attached")
    return page


def _refuse(complaint: str) -> None:
    raise AssertionError(complaint)
