# SPDX-License-Identifier: GPL-3.0-or-later
"""Measured runs in a page: ratios first, for seconds belong to one machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .measure import Measured

MEGABYTE = 1024 * 1024
HEAD = "| run | wall s | ms a client | processor ms a client | emulator s | memory MB | changed | told | failed |"


def report(runs: Sequence[Measured], forks: int) -> str:
    """Return the page."""
    lines = [f"# ansible-playbook with {forks} forks", "", HEAD, "|---|---|---|---|---|---|---|---|---|"]
    lines += [_line(one) for one in runs]
    lines += ["", *_ratios(runs), *_calls(runs)]
    return "\n".join(lines) + "\n"


def _line(one: Measured) -> str:
    numbers = f"{one.wall:.1f} | {one.wall_each:.0f} | {one.cpu_each:.0f} | {one.emulator_cpu:.1f}"
    return f"| {one.name} | {numbers} | {one.memory / MEGABYTE:.0f} | {one.changed} | {one.notices} | {one.failed} |"


def _ratios(runs: Sequence[Measured]) -> Iterator[str]:
    named = {one.name: one for one in runs}
    for stock in (one for one in runs if one.name.startswith("stock")):
        ours = named[f"ours {stock.clients}"]
        yield f"Stock over ours, {stock.clients} clients: wall {stock.wall / ours.wall:.1f}, "
        yield f"processor {stock.cpu / ours.cpu:.1f}."
    grown = [one for one in runs if one.name.startswith("ours")]
    if len(grown) > 1:
        first, last = min(grown, key=lambda one: one.clients), max(grown, key=lambda one: one.clients)
        slope = (last.wall - first.wall) / (last.clients - first.clients) * 1000
        yield f"From {first.clients} to {last.clients} clients: {slope:.0f} ms of wall time for each more."


def _calls(runs: Sequence[Measured]) -> Iterator[str]:
    for one in runs:
        if one.calls:
            yield ""
            yield f"Calls of a rotation, over {one.clients}, as the emulator saw them:"
            yield from (f"* {name}: {count / one.clients:.2f}" for name, count in sorted(one.calls.items()))
