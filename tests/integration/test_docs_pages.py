# SPDX-License-Identifier: GPL-3.0-or-later
"""A seeded sample of the commands in README.md and docs/*.md. `make docs-test` runs all of them."""

from __future__ import annotations

import os
import random
import time

import pytest
from docs_test.cli import run_pages
from docs_test.pages import pages

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("DOCS_SEED", "1"))
SECONDS = 60


def test_a_sample_of_the_pages_does_what_it_says() -> None:
    chosen = pages()
    random.Random(SEED).shuffle(chosen)
    result = run_pages(chosen, time.monotonic() + SECONDS)
    assert result.wrong == [] and result.run > 0
