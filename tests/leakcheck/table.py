# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome as a table: sinks, and how often a secret was found there in each mode."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from .check import PLANTED, Cell, Outcome
from .inherent import INHERENT
from .modes import MODES

BEGIN, END = "<!-- leak check: begin -->", "<!-- leak check: end -->"
# Nothing is written there in this mode.
NOTHING = "-"


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The table, and what may be where."""
    yield from rows(outcomes)
    yield ""
    yield from wrapped(f"{figures(outcomes)} The playbooks: {', '.join(playbooks(outcomes))}.")
    yield ""
    if lacking := sorted(lacks(outcomes)):
        yield from wrapped(f"Not in every column yet: {', '.join(lacking)}.")
        yield ""
    if missing := [name for name in MODES if name not in {outcome.mode for outcome in outcomes}]:
        yield from wrapped(f"Not run in full since the check was written: {', '.join(missing)}.")
        yield ""
    yield "Not counted are hashes where a server writes them down by itself:"
    yield ""
    for one in INHERENT:
        first, *others = wrapped(f"* {', '.join(sorted(one.sinks))}: {one.reason}.")
        yield from (first, *(f"  {line}" for line in others))


def rows(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The table itself."""
    yield f"| where | {' | '.join(outcome.mode for outcome in outcomes)} |"
    yield "|---" * (len(outcomes) + 1) + "|"
    for name in outcomes[0].cells:
        yield f"| {name} | {' | '.join(shown(outcome, name) for outcome in outcomes)} |"


def shown(outcome: Outcome, name: str) -> str:
    """How a cell is written."""
    cell = outcome.cells[name]
    if outcome.mode == PLANTED:
        return "found" if cell.leaks else "MISSED"
    return str(len(cell.leaks)) if cell.searched else NOTHING


def playbooks(outcomes: Iterable[Outcome]) -> list[str]:
    """Which playbooks were run, each named once."""
    return sorted({f"`{Path(name).stem}`" for outcome in outcomes for name in outcome.playbooks})


def lacks(outcomes: Sequence[Outcome]) -> set[str]:
    """Which of them were not run in a column that has playbooks."""
    of_each = [set(playbooks([outcome])) for outcome in wanted(outcomes) if outcome.playbooks]
    return {name for one in of_each for name in one if any(name not in other for other in of_each)}


def wrapped(text: str) -> list[str]:
    """Break a text into lines as the page has them."""
    return textwrap.wrap(text, 119, break_long_words=False, break_on_hyphens=False)


def leaks(outcomes: Iterable[Outcome]) -> list[str]:
    """Every leak."""
    return [
        f"{outcome.mode}: {leak}"
        for outcome in wanted(outcomes)
        for cell in outcome.cells.values()
        for leak in cell.leaks
    ]


def wanted(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those in which nothing may be found."""
    return [outcome for outcome in outcomes if outcome.mode != PLANTED]


def figures(outcomes: Sequence[Outcome]) -> str:
    """How much was searched for how much."""
    counted = wanted(outcomes)
    size = sum(cell.searched for outcome in counted for cell in outcome.cells.values())
    known = sum(outcome.secrets for outcome in counted)
    return f"{known} passwords and hashes, {size / 1_000_000:.0f} MB searched; {len(leaks(outcomes))} found."


def keep(path: Path, outcome: Outcome) -> None:
    """Keep a column for a later table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(outcome)))


def kept(path: Path) -> Outcome:
    """Return a column that was kept."""
    found = json.loads(path.read_text())
    return Outcome(**{**found, "cells": {name: Cell(**cell) for name, cell in found["cells"].items()}})
