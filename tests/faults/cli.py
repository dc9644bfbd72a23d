# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `tools/faults.sh`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NoReturn

from world.errors import WorldError

from . import figures, races
from .cases import Case
from .faults import FAULTS
from .matrix import Chosen, Matrix
from .paths import PATHS
from .probe import probe
from .report import Report, Trial
from .reserved import hide_lines
from .setting import FOLDER, Setting, running

SERVERS = ("mysql", "mariadb", "ed25519")
# Whole paths leave their figures here, a file each.
FIGURES = FOLDER / "figures"
ROTATIONS, OVERLAP = 100, 60


def main(arguments: Sequence[str]) -> int:
    """Run what was chosen; the exit status is 0 only if nothing was found."""
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    hide_lines()
    try:
        return run(options)
    except WorldError as error:
        print(f"faults: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(prog="tools/faults.sh", description="Run every step of a rotation with every fault.")
    made.add_argument(
        "--only", nargs="+", default=[], metavar="CASE", help="only these cases, such as fresh/mysql/kill-after/17"
    )
    made.add_argument("--paths", nargs="+", choices=PATHS, default=list(PATHS), help="only these paths")
    made.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS), help="only these servers")
    made.add_argument(
        "--faults", nargs="+", choices=FAULTS, default=list(FAULTS), metavar="FAULT", help="only these faults"
    )
    made.add_argument(
        "--sample", type=int, default=0, metavar="N", help="a sample of N cases, with every fault on every server"
    )
    made.add_argument("--seed", type=int, default=0, help="the seed of the sample")
    made.add_argument("--verbose", action="store_true", help="show where each fault hit and the output of its run")
    made.add_argument("--steps", action="store_true", help="only list the steps")
    made.add_argument("--resume", action="store_true", help="leave out paths with stored figures")
    made.add_argument("--figures", action="store_true", help="print the stored figures of whole paths as a table")
    made.add_argument("--no-trials", action="store_true", help="no races, no random kills, no probe")
    made.add_argument("--trials", action="store_true", help="only races, random kills and the probe")
    return made


def run(options: argparse.Namespace) -> int:
    """Explore, run the cases and the trials, tell."""
    if options.figures:
        print(figures.markdown(figures.kept(FIGURES)))
        return 0
    began = time.monotonic()
    with running() as setting:
        matrix = Matrix(setting, tell)
        chosen = Chosen(left(options), options.servers, options.faults, options.only, options.sample, options.seed)
        cases = [] if options.trials else matrix.explore(chosen.ways)
        if options.steps:
            print(*listed(matrix), sep="\n")
            return 0
        if not options.trials:
            cases += walked(matrix, chosen, cases)
        tried = [] if options.no_trials or options.only else list(trials(setting, options))
        report = Report(setting.titles(), cases, tried, time.monotonic() - began)
    if options.verbose:
        print(*told(cases), sep="\n")
    print(report.text())
    report.write(FOLDER)
    return 1 if report.broken else 0


def left(options: argparse.Namespace) -> list[str]:
    """Return the paths to run: with --resume those without stored figures."""
    if not options.resume:
        return list(options.paths)
    before = figures.kept(FIGURES)
    return [path for path in options.paths if not figures.covers(before, path, servers_on(path, options.servers))]


def servers_on(path: str, servers: Sequence[str]) -> list[str]:
    """The servers on which a path is walked."""
    return [server for _path, server in Chosen([path], servers, ()).ways]


def walked(matrix: Matrix, chosen: Chosen, explored: Sequence[Case]) -> list[Case]:
    """Run the cases: whole paths one after the other, keeping their figures, or the chosen part together."""
    if chosen.is_part:
        return matrix.run_all(matrix.cases(chosen))
    return [case for path in chosen.paths for case in walked_whole(matrix, replace(chosen, paths=[path]), explored)]


def walked_whole(matrix: Matrix, chosen: Chosen, explored: Sequence[Case]) -> list[Case]:
    """Run all cases of one path, and keep its figures."""
    (path,) = chosen.paths
    began = time.monotonic()
    cases = matrix.cases(chosen)
    tell(f"{path}: {len(cases)} cases")
    cases = matrix.run_all(cases)
    undisturbed = [case for case in explored if case.path.name == path]
    versions = matrix.setting.titles()
    figures.Figures.of(path, [*undisturbed, *cases], versions, time.monotonic() - began).keep(FIGURES)
    return cases


def trials(setting: Setting, options: argparse.Namespace) -> Iterator[Trial]:
    """Races, random kills and the probe."""
    servers = [name for name in options.servers if setting.servers[name].holds_two]
    plan: list[Callable[[], list[Trial]]] = [
        lambda: [races.race(setting, servers, 2, 6)],
        lambda: [races.race(setting, servers, 8, 3)],
        lambda: [races.random_kills(setting, servers, 10, 8, options.seed)],
        lambda: probe(setting, servers, ROTATIONS, 10),
        lambda: probe(setting, servers, ROTATIONS, 10, OVERLAP),
    ]
    for trial in plan:
        for done in trial():
            tell(f"{done.name}: {'BROKEN' if done.broken else 'held'}")
            yield done


def listed(matrix: Matrix) -> Iterator[str]:
    """The steps of each path on each server."""
    for way, steps in matrix.steps.items():
        yield "/".join(way)
        yield from (f"{step.number:>4} {step}" for step in steps)


def told(cases: Sequence[Case]) -> Iterator[str]:
    """Where each case was hit, and what its run said."""
    for case in cases:
        yield f"{case.name} ({case.reached}): {case.result.get('status')}: {case.result.get('msg')}"
        yield f"    then {f'refused: {case.refusal}' if case.refusal else 'settled'}{case.settled_by}"


def tell(line: str) -> None:
    """Say it, with the time."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def _stop(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
