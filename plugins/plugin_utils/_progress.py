# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a run over a fleet has come. Pure; for each client a word and a number are kept, never a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.dbops.rotation.plugins.module_utils._next_step import present
from ansible_collections.dbops.rotation.plugins.module_utils._results import (
    CYCLE_INFO,
    NOTICE,
    mapping,
    number,
    results_of,
)
from ansible_collections.dbops.rotation.plugins.plugin_utils._outcome import (
    WORK,
    Kind,
    Outcome,
    failure,
    outcome,
    passed_over,
)
from ansible_collections.dbops.rotation.plugins.plugin_utils._reader import of_playbook


class Tally:
    """The clients of a run, and what has become of each so far; where a client comes twice, the last result counts."""

    def __init__(self, began: str = "") -> None:
        """Count from nothing; ``began`` is when the run did, in ISO 8601."""
        self.began = began
        self.clients: dict[str, None] = {}
        self.outcomes: dict[str, Outcome] = {}
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
        if module in WORK:
            self._take_work(client, module, result, failed=failed, check=check)
        elif module == NOTICE:
            self._take_notice(result, failed=failed, check=check)
        elif module == CYCLE_INFO:
            found = failure(result, check=check) if failed else passed_over(result, check=check)
            self._settle(client, found)
        elif failed and self._waits_for_hooks(client):
            again = present("Repair the hook; then run the same command again.", client, of_playbook())
            self.outcomes[client] = Outcome(Kind.FAILED, "hook_failed", again, check)

    def of_kind(self, *kinds: Kind) -> dict[str, Outcome]:
        """Return the clients to which one of these happened."""
        found = ((client, self.outcomes.get(client)) for client in self.clients)
        return {client: outcome for client, outcome in found if outcome and outcome.kind in kinds}

    def not_reached(self) -> list[str]:
        """Return the clients of which nothing was heard."""
        return [client for client in self.clients if client not in self.outcomes]

    def _waits_for_hooks(self, client: str) -> bool:
        found = self.outcomes.get(client)
        return found is not None and found.kind is Kind.WAITS_FOR_HOOKS

    def _settle(self, client: str, found: Outcome | None) -> None:
        if found:
            self.outcomes[client] = found

    def _take_work(self, client: str, module: str, result: Mapping[str, Any], *, failed: bool, check: bool) -> None:
        for part, broken in results_of(result, failed=failed):
            self.expect([client])
            self.outcomes[client] = failure(part, check=check) if broken else outcome(module, part, check=check)
            self.seconds[client] = self.seconds.get(client, 0) + number(part, "seconds")
            self.throttled += int(number(part, "throttled"))
            calls = mapping(part, "secretsmanager_calls")
            self.calls.update({name: int(number(calls, name)) for name in calls if name != "total"})

    def _take_notice(self, result: Mapping[str, Any], *, failed: bool, check: bool) -> None:
        if check:
            return
        self.notices_sent += bool(result.get("delivered") and result.get("changed"))
        self.notices_not_delivered += failed or result.get("delivered") is False


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
    failed = len(tally.of_kind(Kind.FAILED))
    left = len(tally.not_reached()) + len(tally.of_kind(Kind.WAITS_FOR_HOOKS))
    if not left:
        return ""
    total = len(tally.clients)
    return (
        f"Rotation progress: {total - failed - left} done, {failed} failed, {left} left of {total} clients"
        f"{_speed(tally.worked, left, seconds)}"
    )


def _speed(worked: int, left: int, seconds: float) -> str:
    if not worked or seconds <= 0:
        return ""
    rate = worked * 60 / seconds
    return f"; {rate:.{0 if rate >= 10 else 1}f} a minute, about {duration(left * seconds / worked)} left"


def duration(seconds: float) -> str:
    """Write a duration for people."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
