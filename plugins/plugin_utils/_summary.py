# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run over a fleet came to, as one table for people. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..module_utils._meaning import BUSY, End, Meaning
from ..module_utils._next_step import present, with_options
from ._progress import Tally
from ._reader import of_playbook

MOST_NAMES = 5


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    label: str
    count: int | None = None
    detail: str = ""


def summary(tally: Tally) -> list[str]:
    """Return the lines of the table."""
    rows = list(_rows(tally))
    label = max(len(row.label) for row in rows)
    count = max(len(str(row.count)) for row in rows if row.count is not None)
    return [_line(row, label, count) for row in rows]


def _line(row: Row, label: int, count: int) -> str:
    number = "" if row.count is None else str(row.count)
    return f"{row.label:<{label}}  {number:>{count}}  {row.detail}".rstrip()


def _rows(tally: Tally) -> Iterator[Row]:
    yield Row("clients", len(tally.clients))
    for end in End:
        group = tally.that(end)
        for check in (False, True):
            clients = {client: meaning for client, meaning in group.items() if meaning.check is check}
            if clients:
                yield Row(end.label(check=check), len(clients), _names_of(end, clients))
                yield from _causes(clients)
    missed = tally.not_reached()
    if missed:
        yield Row("not reached", len(missed), names(missed))
        if tally.began and tally.that(End.ROTATED):
            rest = with_options({"before": tally.began})
            yield Row("", detail=present(f"The same command with {rest} does the rest.", "", of_playbook()))
    yield from _effort(tally)


def _names_of(end: End, clients: Iterable[str]) -> str:
    return names(clients) if end in (End.WAITS_FOR_HOOKS, End.UNREADABLE) else ""


def _causes(clients: Mapping[str, Meaning]) -> Iterator[Row]:
    """Yield why clients failed or were left alone, the most frequent cause first."""
    grouped: dict[str, list[str]] = defaultdict(list)
    for client, meaning in clients.items():
        grouped[meaning.cause].append(client)
    grouped.pop("", None)
    for cause, members in sorted(grouped.items(), key=lambda group: (-len(group[1]), group[0])):
        first = clients[members[0]]
        with_names = first.end is End.FAILED or cause == BUSY
        yield Row(f"  {cause}", len(members), names(members) if with_names else "")
        if with_names and first.detail:
            yield Row("", detail=f"{members[0]}: {present(first.detail, members[0], of_playbook())}")


def _effort(tally: Tally) -> Iterator[Row]:
    slow = sorted((client for client in tally.seconds if tally.seconds[client]), key=lambda c: -tally.seconds[c])
    if slow:
        yield Row(
            "slowest", detail=", ".join(f"{client} {tally.seconds[client]:.1f} s" for client in slow[:MOST_NAMES])
        )
    if tally.calls:
        operations = ", ".join(f"{name} {count}" for name, count in tally.calls.most_common())
        yield Row("Secrets Manager calls", tally.calls.total(), operations)
    if tally.throttled:
        yield Row("throttled answers", tally.throttled)
    if tally.notices_sent:
        yield Row("notices sent", tally.notices_sent)
    if tally.notices_not_delivered:
        yield Row("notices not delivered", tally.notices_not_delivered)


def names(clients: Iterable[str]) -> str:
    """Write the first few names, and how many there are besides."""
    every = list(clients)
    more = len(every) - MOST_NAMES
    return ", ".join(every[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
