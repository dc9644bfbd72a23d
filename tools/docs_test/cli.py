# SPDX-License-Identifier: GPL-3.0-or-later
"""Run pages, and say which of their blocks were run, which are marked and which failed."""

from __future__ import annotations

import argparse
import random
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from docs_test.checkout import copied
from docs_test.pages import Block, beginning, blocks, pages
from docs_test.shell import LIMIT, Shell


@dataclass
class Result:
    """What became of the blocks."""

    run: int = 0
    marked: int = 0
    left: int = 0
    wrong: list[str] = field(default_factory=list)


def main(arguments: Sequence[str]) -> int:
    """Run the pages that are named, or all. Return 0 only if every block did what its page says."""
    parser = argparse.ArgumentParser(prog="docs_test", description="Run the command blocks of README.md and docs/*.md.")
    parser.add_argument("pages", nargs="*", type=Path, help="by default all")
    parser.add_argument("--seed", type=int, help="in an order drawn by this number")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    options = parser.parse_args(arguments)
    chosen = [path.resolve() for path in options.pages] or pages()
    if options.seed is not None:
        random.Random(options.seed).shuffle(chosen)
    result = run_pages(chosen, time.monotonic() + options.seconds)
    print(f"{result.run} blocks run, {result.marked} marked, {result.left} left, {len(result.wrong)} wrong")
    return 1 if result.wrong else 0


def run_pages(chosen: Sequence[Path], limit: float) -> Result:
    """Run pages until the limit, a moment of the monotonic clock."""
    result = Result()
    for path in chosen:
        of_page = blocks(path)
        result.marked += sum(bool(block.reason) for block in of_page if block.is_command or block.file)
        to_run = [block for block in of_page if block.is_run]
        to_run = [*beginning(of_page), *to_run] if to_run else []
        if to_run and time.monotonic() < limit:
            run_page(to_run, limit, result)
        else:
            result.left += len(to_run)
    return result


def run_page(to_run: Sequence[Block], limit: float, result: Result) -> None:
    """Run the blocks of one page in order; what follows a block that is wrong, or comes too late, is left."""
    with copied() as copy:
        shell = Shell(copy)
        for number, block in enumerate(to_run, 1):
            wrong = timed(shell, block, limit)
            if wrong is None:
                result.left += len(to_run) - number + 1
                return
            result.run += 1
            if wrong:
                print(wrong, flush=True)
                result.wrong.append(block.place)
                result.left += len(to_run) - number
                return


def timed(shell: Shell, block: Block, limit: float) -> str | None:
    """Run a block and say how long it took. Return what is wrong; None if the limit came first."""
    began = time.monotonic()
    try:
        wrong = shell.perform(block, min(LIMIT, limit - began))
    except subprocess.TimeoutExpired:
        if time.monotonic() >= limit:
            return None
        wrong = f"It takes more than {LIMIT} s."
    print(f"{block.place}: {'WRONG' if wrong else 'ok'} ({time.monotonic() - began:.1f} s)", flush=True)
    return wrong
