# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command, and fail if a process of it asked AWS for something that AWS would refuse: checked.py COMMAND..."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from wire_check import findings


def main(command: list[str]) -> int:
    """Return the status of the command, or 1 if it succeeded with such a request."""
    with tempfile.TemporaryDirectory(prefix="wire-check-") as folder:
        path = Path(folder) / "findings.jsonl"
        status = run(command, {**os.environ, **findings.environment(path)})
        found = findings.read(path)
    for finding in found:
        print(f"AWS would refuse: {finding}", file=sys.stderr)
    return status or int(bool(found))


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run it to its end; who stops this process means the command."""
    with subprocess.Popen(command, env=environment) as child:
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, lambda *_given: None)  # a terminal sends it to both
        signal.signal(signal.SIGTERM, lambda number, _frame: child.send_signal(number))
        status = child.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
