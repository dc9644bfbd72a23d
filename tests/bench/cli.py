# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the benchmark."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from world.layout import CACHE, ROOT

from .fleet import running
from .measure import is_compiled
from .report import report
from .runs import Asked, measured
from .short import SHORT, verdict

REPORT = CACHE / "bench" / "report.md"


def main(arguments: Sequence[str]) -> int:
    """Measure, write the page and print it; 1 where a run did not do its work, or the short form was too slow."""
    given = parsed(arguments)
    short = given.pop("short")
    asked = SHORT if short else Asked(**given)
    with running(asked.own) as fleet:
        found = list(measured(fleet, asked))
    page = report(found, asked.forks, compiled=is_compiled())
    REPORT.write_text(page, encoding="utf-8")
    print(f"\n{page}\nWritten to {REPORT.relative_to(ROOT)}")
    too_slow = verdict(found, Path(ROOT / "docs/performance.md").read_text(encoding="utf-8")) if short else ""
    print(too_slow)
    return 1 if too_slow or any(one.failed for one in found if not one.name.startswith("trouble")) else 0


def parsed(arguments: Sequence[str]) -> dict[str, Any]:
    """Return the options by their names."""
    parser = argparse.ArgumentParser(
        prog="tools/bench.sh",
        description="Measure a fleet against a stock playbook. A number of 0 leaves a run out.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    sizes = {
        "stock": (60, "clients rotated by the stock playbook"),
        "each": (60, "clients of each run in which one thing differs"),
        "own": (4, "clients that have a database server each"),
        "crowd": (600, "accounts of one server"),
        "scan": (2000, "clients of the runs in which none is due, with both inventories"),
        "trouble": (60, "clients of a run with servers down and calls throttled"),
        "forks": (5, "forks of every run that does not say another number"),
    }
    parser.add_argument("--growth", type=int, nargs="*", default=(10, 60, 200), help="clients of runs that only grow")
    for name, (usual, told) in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=usual, help=told)
    parser.add_argument("--short", action="store_true", help="only the ratio to the stock playbook, as CI looks at it")
    return vars(parser.parse_args(arguments))
