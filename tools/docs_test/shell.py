# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader's terminal: folder and variables outlive a command."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from docs_test.checkout import environment
from docs_test.compare import missing
from docs_test.pages import Block

LIMIT = 600


@dataclass
class Shell:
    """One terminal in a copy of the checkout. What it keeps lies beside the copy."""

    copy: Path

    def perform(self, block: Block, seconds: float = LIMIT) -> str:
        """Save or type a block. Return what is wrong; empty if nothing is. A TimeoutExpired says that time is up."""
        if block.file:
            return self._save(block)
        *others, last = block.steps
        steps = [*((*step, 0) for step in others), (*last, block.status)]
        return next(filter(None, (self._type(*step, seconds) for step in steps)), "")

    def _save(self, block: Block) -> str:
        """Write a file as a reader does."""
        path = self.copy / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
        return ""

    def _type(self, script: str, shown: str, status: int, seconds: float) -> str:
        """Run one script and judge it."""
        state, output = self.copy.parent / "state", self.copy.parent / "output"
        begin = f"source {state}\n" if state.is_file() else f"cd {self.copy}\n"
        keep = f"trap '{{ export -p; echo cd \"$PWD\"; }} >{state}' EXIT\n"
        ended = run(["bash", "-euo", "pipefail", "-c", f"{begin}{keep}{script}"], output, seconds)
        return verdict(script, shown, output.read_text(errors="replace"), ended, status)


def run(command: list[str], output: Path, seconds: float) -> int:
    """Return the exit status of a command. When its time is up, end it with all that it has started."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment(), start_new_session=True
        )
    try:
        return process.wait(seconds)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def verdict(script: str, shown: str, output: str, ended: int, status: int) -> str:
    """Return why a run is not what the page promises; empty if it is."""
    if ended != status:
        return f"{script.strip()}\nended with status {ended} instead of {status}:\n{output[-3000:]}"
    line = missing(shown, output)
    return f"{script.strip()}\ndid not say {line!r} there:\n{output[-3000:]}" if line else ""
