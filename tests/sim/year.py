# SPDX-License-Identifier: GPL-3.0-or-later
"""The days of a fleet, one after the other, and what is seen of them from outside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import time_machine

from ansible_collections.dbops.rotation.plugins.module_utils._context import context as context_module
from ansible_collections.dbops.rotation.plugins.module_utils._context import login as login_module
from ansible_collections.dbops.rotation.plugins.module_utils._cycle.tags import DUE, TRIGGER, VERSION
from ansible_collections.dbops.rotation.plugins.module_utils._rotation import onboard_login as onboard_module

from .cloud import Cloud, running
from .controller import Controller, Result
from .faults import Faults, PowerCut
from .fleet import Client, as_options, freezes, make_fleet
from .history import DAY, EVERYONE, Change, Failure, History, Message, Remainder, Trouble
from .plan import PEACE_DAYS, Day, Plan

START = datetime(2027, 1, 4, tzinfo=UTC)
# So many days before the end trouble begins that a page shows; in most years it makes a client overdue.
OPEN_DAYS = 25
Progress = Callable[[str], None]


def simulate(
    clients: int,
    days: int,
    seed: int,
    progress: Progress = lambda _line: None,
    page: Path | None = None,
    kind: type[Year] | None = None,
    at_end: Callable[[Year], object] = lambda _year: None,
) -> History:
    """Live through so many days of a fleet, and give what happened. With a page to write, trouble lasts to the end.

    ``kind`` is a year of another kind; ``at_end`` looks at the year before its clock and its emulator are gone.
    """
    faults, dice = Faults(), Random(seed)
    fleet = make_fleet(clients, dice, faults)
    servers = {client.name: client.server for client in fleet}

    def connect(login: Any, *rest: object) -> Any:
        return servers[login.host].connect(login, *rest)

    with (
        time_machine.travel(START, tick=False) as clock,
        patch.object(login_module, "connect", connect),
        patch.object(onboard_module, "connect", connect),
        patch.object(context_module, "CONSISTENCY_SECONDS", 0.0),  # nobody waits on a clock that stands still
        running(faults) as cloud,
    ):
        peace = START + (days + (2 * PEACE_DAYS if page else 0)) * DAY
        year = (kind or Year)(fleet, days, cloud, Plan(dice, faults, peace), clock)
        history = year.live(progress, OPEN_DAYS if page else 0)
        at_end(year)
        if page:
            progress(year.controller.trail.write_page(page, fleet, year.controller.states(fleet)))
        return history


class Year:
    """A fleet, its days and their history."""

    def __init__(self, fleet: list[Client], days: int, cloud: Cloud, plan: Plan, clock: Any) -> None:
        self.fleet, self.days, self.cloud, self.plan, self.clock = fleet, days, cloud, plan, clock
        end = START + days * DAY
        frozen = list(freezes(START, end))
        self.controller = Controller(cloud.topic, as_options(iter(frozen)))
        self.history = History(
            START,
            end,
            cycles={client.name: client.cycle_days for client in fleet},
            freezes=frozenset(begin.date() + n * DAY for begin, stop in frozen for n in range((stop - begin).days)),
        )

    def live(self, progress: Progress, open_days: int = 0) -> History:
        """Onboard everyone on the first day, and let the days pass; in so many last ones three clients have trouble."""
        for client in self.fleet:
            self.controller.onboard(client)
            self._look(client, "onboarding")
        for number in range(self.days):
            if open_days and number == self.days - open_days:
                self.plan.outlast(*self.fleet[:3])
            self._live_day(self.plan.day(START + number * DAY, len(self.fleet)))
            if number % 30 == 29:
                progress(f"day {number + 1}: {len(self.history.changes)} changes, {len(self.history.messages)} notices")
        self.history.cycles = {client.name: client.cycle_days for client in self.fleet}
        for client in self.fleet:
            self.history.remainders += [Remainder(client.name, what) for what in self.cloud.leftovers(client)]
        return self.history

    def _live_day(self, day: Day) -> None:
        self.clock.move_to(day.begins)
        for client in self.fleet:
            self.plan.trouble(client, day.begins)
            for what in self.plan.suffered(client):
                self._note_trouble(what, client.name)
        self.plan.faults.sns_down = day.sns_down
        if day.sns_down:
            self._note_trouble("sns down")
        self.clock.move_to(day.run_at)
        self._scheduled(day)
        self._people(day)

    def _scheduled(self, day: Day) -> None:
        if day.missed:
            self._note_trouble("missed run")
            return
        self.plan.faults.changes_left = day.dies_after
        try:
            self._run_due()
        except PowerCut:
            self._note_trouble("death")
        finally:
            self.plan.faults.changes_left = None
        self._observe("scheduled")
        if day.double:
            self._run_again()

    def _run_due(self) -> list[Result]:
        try:
            return self.controller.rotate_due(self.fleet)
        finally:  # the power may go after some have failed
            self.history.failures += [Failure(name, datetime.now(UTC)) for name in self.controller.failed]

    def _run_again(self) -> None:
        """Let the schedule fire a second time; only clients in trouble, and a run that died, may have more to do."""
        if self.history.troubled(EVERYONE, datetime.now(UTC), datetime.now(UTC), "death", "sns down"):
            return
        self.clock.shift(timedelta(seconds=1))
        before = len(self.history.messages)
        changed = [receipt["client"] for receipt in self._run_due() if receipt["changed"]]
        self._observe("scheduled")
        told = [message.client for message in self.history.messages[before:]]
        calm = [name for name in {*changed, *told} if not self._suffers(name)]
        self.history.repeated += [f"{name}: a second run at {datetime.now(UTC)} had something to do" for name in calm]

    def _suffers(self, name: str) -> bool:
        return any(self.plan.suffered(client) for client in self.fleet if client.name == name)

    def _people(self, day: Day) -> None:
        begins = day.begins + (0.4 + 0.4 * self.plan.dice.random()) * DAY
        for number, client in enumerate(self.fleet):
            asked = self.plan.asked_for(client, day.begins)
            if not asked:
                continue
            self.clock.move_to(begins + number * timedelta(minutes=1))
            if asked == "rollback":
                self.controller.rollback(client)
            else:
                self.controller.rotate(client, "contractor left")
            self.history.failures += [Failure(name, datetime.now(UTC)) for name in self.controller.failed]
            self._look(client, "rollback" if asked == "rollback" else "on_demand")
        self._receive()

    def _observe(self, trigger: str) -> None:
        for client in self.fleet:
            self._look(client, trigger)
        self._receive()

    def _look(self, client: Client, trigger: str) -> None:
        """Note a new AWSCURRENT, and that it opens the server."""
        known = self.cloud.describe(client)
        version, client.due = known["AWSCURRENT"], known.get(DUE, "")
        if version == client.seen:
            return
        client.seen = version
        told = known.get(TRIGGER, "") if known.get(VERSION) == version else ""
        now, why = datetime.now(UTC), told or trigger
        self.history.changes.append(Change(client.name, now, version, why, client.cycle_days, client.due))
        if not client.server.opened_by(self.cloud.password(client)):
            self.history.lockouts.append(f"{client.name}: AWSCURRENT does not open the server at {datetime.now(UTC)}")

    def _receive(self) -> None:
        now = datetime.now(UTC)
        self.history.messages += [
            Message(body["client"], now, body["event"], body["id"], body["version_id"] or "", body["failed_at"] or "")
            for body in self.cloud.received()
        ]

    def _note_trouble(self, kind: str, client: str = EVERYONE) -> None:
        self.history.troubles.append(Trouble(datetime.now(UTC), kind, client))
