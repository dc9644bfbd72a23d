# SPDX-License-Identifier: GPL-3.0-or-later
"""Measured runs in a page: ratios first, for seconds belong to one machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from .measure import Measured

MEGABYTE = 1024 * 1024
HEAD = "| run | wall s | ms a client | processor ms a client | emulator s | memory MB | changed | told | failed |"
# Each module of a stock task then compiles the SDK for itself.
NOT_COMPILED = "The packages have no compiled files; where pip has made them, the stock playbook takes a third less."


def report(runs: Sequence[Measured], forks: int, *, compiled: bool = True) -> str:
    """Return the page."""
    lines = [f"# ansible-playbook with {forks} forks, where a run does not say another number", ""]
    lines += [] if compiled else [NOT_COMPILED, ""]
    lines += [*_ratios(runs), *_growth(runs), "", HEAD, "|---|---|---|---|---|---|---|---|---|"]
    lines += [*map(_line, runs), *_calls(runs)]
    return "\n".join(lines) + "\n"


def _line(one: Measured) -> str:
    numbers = f"{one.wall:.1f} | {one.wall_each:.0f} | {one.cpu_each:.0f} | {one.emulator_cpu:.1f}"
    return f"| {one.name} | {numbers} | {one.memory / MEGABYTE:.0f} | {one.changed} | {one.notices} | {one.failed} |"


def _ours(runs: Sequence[Measured]) -> list[Measured]:
    return sorted((one for one in runs if one.name.startswith("ours")), key=lambda one: one.clients)


def _ratios(runs: Sequence[Measured]) -> Iterator[str]:
    """Compare with each run of ours that only grows: the stock playbook takes the same for each client."""
    for stock in (one for one in runs if one.name.startswith("stock")):
        for ours in _ours(runs):
            yield (
                f"For a client, start-up included, the stock playbook ({stock.clients} clients) takes"
                f" {stock.wall_each / ours.wall_each:.1f} times the time of ours ({ours.clients} clients), and"
                f" {stock.cpu_each / ours.cpu_each:.1f} times the processor time."
            )


def _growth(runs: Sequence[Measured]) -> Iterator[str]:
    """Tell the start of a run from one more client."""
    grown = _ours(runs)
    for less, more in pairwise(grown):
        further = more.clients - less.clients
        wall, cpu = (more.wall - less.wall) / further, (more.cpu - less.cpu) / further
        yield (
            f"From {less.clients} to {more.clients} clients, one more takes {1000 * wall:.0f} ms, and"
            f" {1000 * cpu:.0f} ms of processor time; without clients a run would take"
            f" {less.wall - wall * less.clients:.1f} s."
        )


def _calls(runs: Sequence[Measured]) -> Iterator[str]:
    for one in runs:
        if one.calls:
            yield ""
            yield f"Requests of '{one.name}', as their receivers saw them:"
            yield from (f"* {name}: {count}" for name, count in sorted(one.calls.items()))
