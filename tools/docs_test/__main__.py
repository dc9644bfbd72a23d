# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m docs_test`."""

from __future__ import annotations

import sys

from docs_test.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
