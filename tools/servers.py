# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the integration tests on every server, one after the other, and print a table: tools/servers.sh mariadb-10.5."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from world import installation, template
from world.debian import RECIPES
from world.errors import WorldError
from world.layout import ROOT

HEADINGS = ("server", "version", "passed", "failed", "skipped", "seconds")


@dataclass(frozen=True)
class Outcome:
    """The results of one server; a server that could not be started counts as a failure."""

    server: str
    version: str
    passed: int
    failed: int
    skipped: int
    seconds: float

    @property
    def cells(self) -> tuple[str, ...]:
        """Return a line of the table."""
        counts = (self.passed, self.failed, self.skipped, round(self.seconds))
        return (self.server, self.version, *(str(count) for count in counts))


def main(arguments: Sequence[str]) -> int:
    """Run the tests. Return 0 only if all passed on every server."""
    parser = argparse.ArgumentParser(prog="tools/servers.sh", description=__doc__)
    parser.add_argument(
        "servers", nargs="*", type=known, metavar="SERVER", help=f"only these servers: {', '.join(RECIPES)}"
    )
    parser.add_argument(
        "--pytest", default="", metavar="OPTIONS", help="options of pytest, such as --pytest='-k overlap'"
    )
    options = parser.parse_args(arguments)
    outcomes = [tested(name, options.pytest) for name in options.servers or RECIPES]
    print("\n" + "\n".join(table(outcomes)))
    return 1 if any(outcome.failed or not outcome.passed for outcome in outcomes) else 0


def known(name: str) -> str:
    """Return the name of a server. Raise ArgumentTypeError if there is no such server."""
    if name not in RECIPES:
        raise argparse.ArgumentTypeError(f"{name} is not one of {', '.join(RECIPES)}")
    return name


def tested(name: str, options: str) -> Outcome:
    """Run the integration tests on one server."""
    began = time.monotonic()
    print(f"== {name}", flush=True)
    try:
        found = installation.find(name)
        template.prepare(found)
    except WorldError as error:
        print(f"servers: {error}", file=sys.stderr)
        return Outcome(name, "not to be had", 0, 1, 0, 0)
    passed, failed, skipped = run(name, options)
    return Outcome(name, found.version, passed, failed, skipped, time.monotonic() - began)


def run(name: str, options: str) -> tuple[int, int, int]:
    """Return how many tests passed, failed and were skipped; a run that ends without a report is one that failed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        more = f"{os.environ.get('PYTEST_ADDOPTS', '')} --junitxml={report} -rs {options}"
        environment = {**os.environ, "TEST_SERVER": name, "PYTEST_ADDOPTS": more}
        done = subprocess.run([ROOT / "tools/test.sh", "integration"], env=environment, check=False)
        passed, failed, skipped = counted(report) if report.is_file() else (0, 1, 0)
    return passed, failed or int(done.returncode != 0), skipped


def counted(report: Path) -> tuple[int, int, int]:
    """Return the figures of pytest's report."""
    suite = ElementTree.parse(report).getroot().find("testsuite")
    if suite is None:
        return 0, 1, 0
    every, failures, errors, skipped = (
        int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")
    )
    return every - failures - errors - skipped, failures + errors, skipped


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the lines of the table."""
    lines = [HEADINGS, *(outcome.cells for outcome in outcomes)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
