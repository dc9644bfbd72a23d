# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the simulation."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from . import evidence
from .checks import violations
from .report import report
from .year import Year, simulate

REPORT = Path(".cache/sim/report.md")


def main(arguments: Sequence[str]) -> int:
    """Simulate, write the page and print it; 1 where something was not as it must be."""
    parser = argparse.ArgumentParser(prog="tools/sim.sh", description="Simulate a year of a fleet.")
    parser.add_argument("--clients", type=int, default=200, help="how many clients (default 200)")
    parser.add_argument("--days", type=int, default=365, help="how many days (default 365)")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the year (default 1)")
    parser.add_argument("--page", type=Path, help="write the report of a fleet in trouble there, and check nothing")
    asked = parser.parse_args(arguments)
    folder, wrong = (asked.page or REPORT).parent / "evidence", list[str]()
    folder.mkdir(parents=True, exist_ok=True)

    def collect(year: Year) -> None:
        wrong.extend(evidence.differences(year, evidence.collect(year, folder)))

    history = simulate(
        asked.clients, asked.days, asked.seed, lambda line: print(line, flush=True), asked.page, at_end=collect
    )
    if asked.page:
        return 0
    found = {**violations(history), "evidence": wrong}
    page = report(history, found, asked.seed)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(page, encoding="utf-8")
    print(f"\n{page}\nWritten to {REPORT}")
    return 1 if any(found.values()) else 0
