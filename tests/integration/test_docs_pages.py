# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of the commands in README.md and docs/*.md, another one each day. `make docs-test` runs all of them."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime

import pytest
from docs_test.cli import run_pages
from docs_test.pages import pages

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("DOCS_SEED", datetime.now(UTC).toordinal()))
SECONDS = 60


def test_a_sample_of_the_pages_does_what_it_says() -> None:
    chosen = pages()
    random.Random(SEED).shuffle(chosen)
    result = run_pages(chosen, time.monotonic() + SECONDS)
    assert result.wrong == [] and result.run > 0
