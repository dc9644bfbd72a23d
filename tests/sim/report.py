# SPDX-License-Identifier: GPL-3.0-or-later
"""A history in a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from .history import DAY, History


def report(history: History, found: Mapping[str, list[str]], seed: int) -> str:
    """Return the page: what happened, and what every check found."""
    days = (history.end - history.start) // DAY
    lines = [
        f"# {len(history.cycles)} clients, {days} days, seed {seed}",
        "",
        *_table("What happened", _happened(history)),
        *_table("What was checked", ((name, len(lines) or "held") for name, lines in found.items())),
    ]
    for name, wrong in found.items():
        lines += [f"* {name}: {line}" for line in wrong]
    return "\n".join(lines) + "\n"


def _happened(history: History) -> Iterable[tuple[str, object]]:
    triggers = Counter(change.trigger for change in history.changes)
    events = Counter(message.event for message in history.messages)
    kinds = Counter(trouble.kind for trouble in history.troubles)
    lengths = [(ended.at - begun.at) / DAY for begun, ended in history.intervals()]
    calm = [not history.hindered(ended.client, ended.at) for _begun, ended in history.intervals()]
    load = Counter(change.at.date() for change in history.changes if change.trigger == "scheduled")
    yield from ((f"password put there: {trigger}", count) for trigger, count in sorted(triggers.items()))
    yield from ((f"notices: {event}", count) for event, count in sorted(events.items()))
    yield from ((f"trouble, client-days or days: {kind}", count) for kind, count in sorted(kinds.items()))
    yield "runs in which a client failed", len(history.failures)
    yield "intervals, undisturbed of all", f"{sum(calm)} of {len(calm)}"
    yield "longest undisturbed interval in days", f"{_longest(lengths, calm):.2f}"
    yield "longest interval in days", f"{max(lengths, default=0):.2f}"
    yield "scheduled rotations of a day, mean and most", f"{history.daily_mean:.1f} and {max(load.values(), default=0)}"


def _longest(lengths: list[float], calm: list[bool]) -> float:
    return max((days for days, undisturbed in zip(lengths, calm, strict=True) if undisturbed), default=0)


def _table(title: str, rows: Iterable[tuple[str, object]]) -> list[str]:
    return [f"| {title} | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows), ""]
