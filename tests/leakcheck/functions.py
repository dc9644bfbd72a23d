# SPDX-License-Identifier: GPL-3.0-or-later
"""The Lambda functions, called as Lambda calls them, and Secrets Manager's own rotation stopped at each step."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import pytest
from by_hand import passwords
from faults.cases import Case
from faults.paths import PATHS
from faults.reserved import follow
from function_calls import bus_event, call, detail, visit
from functions_at_work import Functions, at_work, due, fresh
from managed import ManagedClient

from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._lambda import record
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.reset_function import reset_cycle
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.sweep_function import sweep

from .failures import Sample, cases_of
from .modes import Mode
from .scene import Scene
from .sink import Place


class FunctionsAtWork:
    """Calls the functions over a client of each server, and keeps all that they say."""

    def __init__(self, scene: Scene, place: Place, mode: Mode, sample: Sample | None = None) -> None:
        """Make the accounts."""
        self.scene, self.mode, self.sample = scene, mode, sample
        self.clients = scene.newcomers()
        self.known: set[str] = set()
        self.troubles: list[str] = []
        self._output = (place.printed / "functions").open("w")

    def run(self) -> None:
        """All functions, then all steps."""
        with (
            self._output,
            everything_said(self._output),
            at_work(self.scene.setting.aws, self.scene.setting.authority) as functions,
        ):
            os.environ["ROTATION_TOPIC_ARN"] = self.scene.mailbox.topic
            for client in self.clients:
                client.create_secret()
                self._live(client, functions)
            for flavor in self.mode.servers:
                self._stop_at_each_step(flavor)

    def _live(self, client: ManagedClient, functions: Functions) -> None:
        self.known.add(client.password)
        due(client)
        self._expect(call(sweep, {}), fails=False)
        functions.send(visit(client.name, client.secret_id))
        self._work_off(functions, fails=False)
        functions.send(bus_event("Rotation Requested", detail(fresh(client).name, force=True)))
        self._work_off(functions, fails=False)
        self._expect(call(reset_cycle, bus_event("Cycle Reset Requested", detail(client.name))), fails=False)
        for host in client.hosts:
            client.sql("ALTER USER %s@%s ACCOUNT LOCK", client.user, host)
        functions.send(bus_event("Rotation Requested", detail(client.name, force=True)))
        self._work_off(functions, fails=True)
        self.known.update(passwords(client))

    def _work_off(self, functions: Functions, *, fails: bool) -> None:
        for done in functions.work_off():
            self._expect(done, fails=fails)

    def _expect(self, done: Any, *, fails: bool) -> None:
        self._keep(done.output, repr(done.answer), *traceback.format_exception(done.raised))
        if (done.raised is not None or '"outcome":"failed"' in done.output) != fails:
            self.troubles.append(f"{self.mode.name}: a call ended otherwise than it has to: {done.output[-500:]}")

    def _keep(self, *lines: str) -> None:
        self._output.writelines(f"{line}\n" for line in lines)

    def _stop_at_each_step(self, flavor: str) -> None:
        calm = Case(PATHS[self.mode.path], self.scene.setting.servers[flavor])
        self._follow(calm)
        calm.seen_steps = list(calm.course.steps)
        for case in cases_of(calm, self.mode.faults, self.sample):
            self._follow(case)

    def _follow(self, case: Case) -> None:
        """Go through the steps of Secrets Manager's own rotation."""
        case.prepare(self.scene.setting)
        try:
            case.course.begin(case.disturbance())
            follow(case.events(), case.function_environment())
        except RotationError as error:
            self._keep(repr(error), *traceback.format_exception(error))
        finally:
            self.known.update(case.known_passwords())
            case.remove(self.scene.setting)


@contextmanager
def everything_said(output: Any) -> Iterator[None]:
    """Keep what every library logs, and the lines that a function writes where no call takes them."""
    handler = logging.StreamHandler(output)
    root, level = logging.getLogger(), logging.getLogger().level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "show", lambda line: print(line, flush=True))
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            with redirect_stdout(output):
                yield
        finally:
            root.setLevel(level)
            root.removeHandler(handler)
