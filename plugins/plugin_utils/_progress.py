# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a run over a fleet has come. Pure; for each client a word and a number are kept, never a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..module_utils._codes import Code
from ..module_utils._events import OFFBOARDED
from ..module_utils._meaning import End, Meaning, failed_task
from ..module_utils._operations import CYCLE, CYCLE_INFO, LISTING, NOTICE, OPERATIONS, SHOWN, Declaration
from ..module_utils._results import left_out, mapping, number, results_of
from ..module_utils._runners import LAMBDA, RUNS_AS_A_FUNCTION

COUNTED = (*SHOWN, CYCLE_INFO.name, CYCLE.name, NOTICE.name, LISTING)


class Tally:
    """The clients of a run, and what has become of each so far; where a client comes twice, the last result counts."""

    def __init__(self, began: str = "") -> None:
        """Count from nothing; ``began`` is when the run did, in ISO 8601."""
        self.began = began
        self.clients: dict[str, None] = {}
        self.meanings: dict[str, Meaning] = {}
        self.seconds: dict[str, float] = {}
        self.calls: Counter[str] = Counter()
        self.throttled = 0
        self.notices_sent = 0
        self.notices_not_delivered = 0

    @property
    def worked(self) -> int:
        """Return how many clients were worked on, as opposed to passed over."""
        return len(self.seconds)

    def expect(self, names: Iterable[str]) -> None:
        """Take the clients of a play; those of the waves before may be among them."""
        self.clients.update(dict.fromkeys(names))

    def take(self, client: str, module: str, result: Mapping[str, Any], *, failed: bool, check: bool) -> None:
        """Count the result of a task."""
        declared = OPERATIONS.get(module)
        if declared and declared.shown:
            self._take_work(client, declared, result, failed=failed, check=check)
        elif declared is NOTICE:
            for part, broken in results_of(result, failed=failed):
                self._take_notice(part, failed=broken, check=check)
        elif declared is CYCLE_INFO:
            self._settle(client, _skip_meaning(result, failed=failed, check=check))
        elif declared is CYCLE and not failed:
            self._take_failure_of_a_task(client, result, check=check)
        elif module == LISTING:
            self._take_listing(result, check=check)
        elif failed and self._waits_for_hooks(client):
            self.meanings[client] = replace(failed_task(Code.HOOK_FAILED), check=check)

    def that(self, *ends: End) -> dict[str, Meaning]:
        """Return the clients to which one of these happened."""
        pairs = ((client, self.meanings.get(client)) for client in self.clients)
        return {client: meaning for client, meaning in pairs if meaning and meaning.end in ends}

    def not_reached(self) -> list[str]:
        """Return the clients of which nothing was heard."""
        return [client for client in self.clients if client not in self.meanings]

    def _waits_for_hooks(self, client: str) -> bool:
        meaning = self.meanings.get(client)
        return meaning is not None and meaning.end is End.WAITS_FOR_HOOKS

    def _settle(self, client: str, meaning: Meaning | None) -> None:
        if meaning:
            self.meanings[client] = meaning

    def _take_work(
        self, client: str, declared: Declaration, result: Mapping[str, Any], *, failed: bool, check: bool
    ) -> None:
        for part, broken in results_of(result, failed=failed):
            self.expect([client])
            self.meanings[client] = declared.meaning(part, failed=broken, check=check)
            self.seconds[client] = self.seconds.get(client, 0) + number(part, "seconds")
            self.throttled += int(number(part, "throttled"))
            calls = mapping(part, "secretsmanager_calls")
            self.calls.update({name: int(number(calls, name)) for name in calls if name != "total"})

    def _take_listing(self, result: Mapping[str, Any], *, check: bool) -> None:
        """Take the clients that are left out, as if a worker had read the cycle of each."""
        for client, state in left_out(result):
            self.expect([client])
            self._settle(client, _skip_meaning(state, failed=False, check=check))

    def _take_failure_of_a_task(self, client: str, result: Mapping[str, Any], *, check: bool) -> None:
        """Take that the role has counted a failure for which no result of ours speaks."""
        meaning = CYCLE.meaning(result, failed=False, check=check)
        self._settle(client, meaning if meaning.end is End.FAILED else None)

    def _take_notice(self, result: Mapping[str, Any], *, failed: bool, check: bool) -> None:
        if check:
            return
        self.notices_sent += bool(result.get("delivered") and result.get("changed"))
        self.notices_not_delivered += failed or result.get("delivered") is False


def _skip_meaning(state: Mapping[str, Any], *, failed: bool, check: bool) -> Meaning | None:
    """Return the meaning for a client whose cycle says that a scheduled run does not touch it, or cannot be read."""
    if failed:
        return CYCLE_INFO.meaning(state, failed=True, check=check)
    if state.get("candidate") is not False:
        return None
    causes = {
        OFFBOARDED: state.get("offboarded"),
        RUNS_AS_A_FUNCTION: state.get("runner") == LAMBDA,
        "paused": state.get("paused"),
        "waiting for a window": state.get("waiting"),
    }
    cause = next((name for name, applies in causes.items() if applies), "not due")
    return Meaning(End.LEFT_ALONE, cause, check=check)


class Pace:
    """When the next line is due: after so many clients, or after so many seconds; 0 is never."""

    def __init__(self, every_clients: int, every_seconds: int, now: float) -> None:
        """Start now."""
        self.began = now
        self._every_clients = every_clients
        self._every_seconds = every_seconds
        self._clients = 0
        self._at = now

    def is_due(self, clients: int, now: float) -> bool:
        """Return True if a line is due, and count from here if so."""
        many = self._every_clients > 0 and clients // self._every_clients > self._clients // self._every_clients
        late = self._every_seconds > 0 and now - self._at >= self._every_seconds
        if many or late:
            self._clients, self._at = clients, now
        return many or late


def progress_line(tally: Tally, seconds: float) -> str:
    """Return how far the run has come after so many seconds; nothing where no client is left."""
    failed = len(tally.that(End.FAILED))
    remaining = len(tally.not_reached()) + len(tally.that(End.WAITS_FOR_HOOKS))
    if not remaining:
        return ""
    total = len(tally.clients)
    return (
        f"Rotation progress: {total - failed - remaining} done, {failed} failed, {remaining} left of {total} clients"
        f"{_speed(tally.worked, remaining, seconds)}"
    )


def _speed(worked: int, remaining: int, seconds: float) -> str:
    if not worked or seconds <= 0:
        return ""
    rate = worked * 60 / seconds
    return f"; {rate:.{0 if rate >= 10 else 1}f} a minute, about {duration(remaining * seconds / worked)} left"


def duration(seconds: float) -> str:
    """Write a duration for people."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
