# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of whole paths, kept from run to run, so that a matrix of hours can be run in parts and told as one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .cases import GUESS, LEAK, LOCKOUT, MISSED, PROMISES, SILENT, UNSETTLED, WINDOW, Case
from .paths import PATHS
from .report import Report, broken_promises, stamp

TITLES = {"mysql": "MySQL", "mariadb": "MariaDB, native", "ed25519": "MariaDB, ed25519"}
COLUMNS = {
    LOCKOUT: "lock-outs (P1)",
    WINDOW: "windows (P2)",
    UNSETTLED: "not settled (P3)",
    SILENT: "silent (P4)",
    LEAK: "leaks (P5)",
    GUESS: "guesses (P7)",
    MISSED: "missed",
}
HEADINGS = ("path", "server", "faults", "cases", *(COLUMNS[promise] for promise in PROMISES))


@dataclass(frozen=True)
class Figures:
    """What came of a whole path: for each server how many cases with how many faults, and what was broken how often."""

    path: str
    date: str
    seconds: int
    versions: list[str]
    servers: dict[str, dict[str, int]]
    broken: list[str]

    @classmethod
    def of(cls, path: str, cases: Sequence[Case], versions: list[str], seconds: float) -> Figures:
        """Count."""
        names = {case.server.name: None for case in cases}
        servers = {name: counted([case for case in cases if case.server.name == name]) for name in names}
        return cls(path, stamp(), round(seconds), versions, servers, Report(versions, cases, [], seconds).broken)

    def keep(self, folder: Path) -> None:
        """Write them; a reader sees the old or the new ones."""
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{self.path}"
        partial.write_text(json.dumps(asdict(self), indent=1) + "\n")
        partial.replace(folder / f"{self.path}.json")


def counted(cases: Sequence[Case]) -> dict[str, int]:
    """The figures of one server."""
    faults = {case.fault.name for case in cases if case.fault}
    return {"faults": len(faults), "cases": len(cases), **broken_promises(cases)}


def kept(folder: Path) -> list[Figures]:
    """What earlier runs have left, in the order of the catalogue."""
    files = (folder / f"{path}.json" for path in PATHS)
    return [Figures(**json.loads(file.read_text())) for file in files if file.is_file()]


def covers(figures: Iterable[Figures], path: str, servers: Iterable[str]) -> bool:
    """Whether a path was run on these servers, and nothing was broken."""
    found = (one for one in figures if one.path == path and not one.broken)
    return any(set(one.servers) >= set(servers) for one in found)


def markdown(figures: Sequence[Figures]) -> str:
    """One table of all paths, as docs/safety.md has it, with where and when each was run."""
    lines = [HEADINGS, ["---"] * len(HEADINGS), *(row for one in figures for row in rows(one))]
    runs = [f"* {one.path}: {one.date}, {one.seconds} s, {', '.join(one.versions)}" for one in figures]
    broken = [f"* {line}" for one in figures for line in one.broken] or ["Nothing was broken."]
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", *runs, "", *broken])


def rows(figures: Figures) -> Iterable[list[str]]:
    """A line for each server. Where a row holds one password, AWSCURRENT is refused for a moment, as is known."""
    for server, counts in figures.servers.items():
        shown = {name: str(count) for name, count in counts.items()}
        if server == "ed25519":
            shown[WINDOW] = "-"
        yield [figures.path, TITLES[server], shown["faults"], shown["cases"], *(shown[name] for name in PROMISES)]
