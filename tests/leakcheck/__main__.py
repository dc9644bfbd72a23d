# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m leakcheck`, the command of tools/leakcheck.sh."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from generated import write
from world.layout import CACHE, ROOT

from .check import PLANTED, Outcome, check, check_plants
from .modes import MODES, Mode
from .scene import started
from .table import BEGIN, END, figures, keep, kept, leaks, lines, rows

PAGE = ROOT / "docs/safety.md"
COLUMNS = CACHE / "leakcheck"
EVERY = (*MODES, PLANTED)


def main() -> int:
    """Check the chosen modes; the exit status is 0 only if nothing was found but the plants."""
    parser = argparse.ArgumentParser(
        prog="tools/leakcheck.sh", description="Look for passwords in all that runs touch."
    )
    parser.add_argument("--modes", nargs="+", choices=EVERY, default=list(EVERY), help="only these columns")
    parser.add_argument("--resume", action="store_true", help="leave out columns that an earlier run has kept")
    parser.add_argument(
        "--everything", action="store_true", help="run every playbook, not only the most important ones"
    )
    parser.add_argument(
        "--page", action="store_true", help="write the table of the columns that are well into docs/safety.md"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    left = [name for name in options.modes if not (options.resume and column(name).exists())]
    fresh = list(checked(left, everything=options.everything))
    outcomes = [kept(column(name)) for name in options.modes if column(name).exists()]
    wrong = [*leaks(fresh), *(trouble for outcome in fresh for trouble in outcome.troubles)]
    print(*rows(outcomes or fresh), "", figures(outcomes or fresh), *wrong, sep="\n")
    if options.page and not wrong:
        write(PAGE, BEGIN, END, lines(outcomes))
    return 1 if wrong else 0


def checked(names: Sequence[str], *, everything: bool) -> Iterator[Outcome]:
    """Check one mode after the other, and keep the columns in which all is well."""
    if not names:
        return
    with started() as scene:
        for name in names:
            column(name).unlink(missing_ok=True)
            began = time.monotonic()
            outcome = check_plants(scene) if name == PLANTED else check(scene, chosen(name, everything))
            wrong = leaks([outcome]) + outcome.troubles
            print(f"{name}: {'WRONG' if wrong else 'well'} after {time.monotonic() - began:.0f} s", *wrong, sep="\n  ")
            if not wrong:
                keep(column(name), outcome)
            yield outcome


def chosen(name: str, everything: bool) -> Mode:
    """The mode of that name."""
    return replace(MODES[name], everything=everything)


def column(name: str) -> Path:
    """Where a column is kept."""
    return COLUMNS / f"{''.join(letter if letter.isalnum() else '-' for letter in name)}.json"


def _stop(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
