# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a program, and wait for what it leaves behind too, so that the use of all of them is this process's own."""

from __future__ import annotations

import os
import subprocess
import sys

from world.processes import adopt_orphans


def main(command: list[str]) -> int:
    """Return the program's exit status."""
    adopt_orphans()
    status = subprocess.run(command, check=False).returncode
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
