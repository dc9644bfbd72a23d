# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of a run of the matrix, as a table for people and as data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .cases import PROMISES, Case
from .faults import FAULTS

HEADINGS = ("path", "server", "fault", "cases", "survived", *PROMISES)


@dataclass
class Trial:
    """Something beside the matrix, such as a race: its figures, of which those in `broken` have to be 0."""

    name: str
    figures: dict[str, Any]
    broken: list[str] = field(default_factory=list)


@dataclass
class Report:
    """Everything that was found."""

    servers: list[str]
    cases: Sequence[Case]
    trials: Sequence[Trial]
    seconds: float

    @property
    def broken(self) -> list[str]:
        """One line for each promise that did not hold."""
        lines = [
            f"{case.name} ({case.reached or 'not reached'}): {finding.promise}: {finding.seen}"
            for case in self.cases
            for finding in case.findings
        ]
        return lines + [f"{trial.name}: {line}" for trial in self.trials for line in trial.broken]

    def table(self) -> list[list[str]]:
        """A line for each path, server and fault, and the sum."""
        groups: dict[tuple[str, str, str], list[Case]] = {}
        for case in self.cases:
            fault = case.fault.name if case.fault else "none"
            groups.setdefault((case.path.name, case.server.name, fault), []).append(case)
        lines = [[*key, *figures(cases)] for key, cases in sorted(groups.items(), key=order)]
        return [*lines, ["all", "", "", *figures(self.cases)]]

    def write(self, folder: Path) -> None:
        """Write report.md and report.json."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.md").write_text(self.markdown())
        (folder / "report.json").write_text(json.dumps(self.data(), indent=1) + "\n")

    def markdown(self) -> str:
        """For people."""
        faults = [f"* `{fault.name}`: {fault.title}" for fault in FAULTS.values()]
        trials = [[trial.name, *(f"{key}: {value}" for key, value in trial.figures.items())] for trial in self.trials]
        parts = [
            f"# The fault matrix\n\n{', '.join(self.servers)}; {stamp()}; {self.seconds:.0f} s.",
            "\n".join(f"| {' | '.join(line)} |" for line in [list(HEADINGS), ["---"] * len(HEADINGS), *self.table()]),
            *("* " + ", ".join(trial) for trial in trials),
            "## The faults\n\n" + "\n".join(faults),
            "## What did not hold\n\n" + ("\n".join(f"* {line}" for line in self.broken) or "Nothing."),
        ]
        return "\n\n".join(parts) + "\n"

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "date": stamp(),
            "servers": self.servers,
            "seconds": round(self.seconds),
            "table": [dict(zip(HEADINGS, line, strict=True)) for line in self.table()],
            "trials": {trial.name: trial.figures for trial in self.trials},
            "broken": self.broken,
        }

    def text(self) -> str:
        """For a terminal."""
        lines = [list(HEADINGS), *self.table()]
        widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        trials = [
            f"{trial.name}: " + ", ".join(f"{key} {value}" for key, value in trial.figures.items())
            for trial in self.trials
        ]
        return "\n".join([*(line.rstrip() for line in table), "", *trials, *self.broken])


def figures(cases: Sequence[Case]) -> list[str]:
    """How many cases, how many in which every promise held, and in how many each one was broken."""
    survived = sum(not case.findings for case in cases)
    return [str(number) for number in (len(cases), survived, *broken_promises(cases).values())]


def broken_promises(cases: Sequence[Case]) -> dict[str, int]:
    """In how many cases each promise was broken."""
    broken = Counter(promise for case in cases for promise in {finding.promise for finding in case.findings})
    return {promise: broken[promise] for promise in PROMISES}


def order(group: tuple[tuple[str, str, str], list[Case]]) -> tuple[str, str, int]:
    """By path and server, and then as the catalogue has it."""
    path, server, fault = group[0]
    return path, server, list(FAULTS).index(fault) if fault in FAULTS else -1


def stamp() -> str:
    """Now, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
