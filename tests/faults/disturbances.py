# SPDX-License-Identifier: GPL-3.0-or-later
"""What may happen at a step, seen from the proxies."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from http_messages import Fate

from .cases import MISSED
from .rows import Rows, rows_of
from .steps import AWS, DB, Step, Undisturbed

if TYPE_CHECKING:
    from .cases import Case

LATE_SECONDS = 0.4
STALE_SECONDS = 3.0
# Below the patience of a run with AWS, see `cases.PATIENT`.
MEETING_SECONDS = 50
# Below the 20 s after which the engine gives a silent server up.
DEED_SECONDS = 15
# Stands in every error text of the proxy: AWS's own words must not be repeated, for they may hold a parameter.
AWS_TEXT = "words-of-aws"
THROTTLED, DENIED = "ThrottlingException", "AccessDeniedException"


def aws_error(code: str, text: str = "") -> Fate:
    """An error as AWS answers it."""
    return Fate(status=400, answer=json.dumps({"__type": code, "message": f"{text} {AWS_TEXT}"}).encode())


class At(Undisturbed):
    """Something that begins at one step of a case."""

    def __init__(self, case: Case, step: int) -> None:
        """Wait for the step with this number."""
        self.case = case
        self.number = step
        self.hit: Step | None = None

    def begins(self, step: Step) -> bool:
        """Whether this is the step, or the one after a farewell that came in its place; it is remembered."""
        if step.number == self.number and self.case.passes_over(step):
            self.number += 1
        elif step.number == self.number:
            self.hit = step
        return step.number == self.number

    def over(self) -> None:
        """Called when the run has ended: what was in force is so no more."""


class Hold(At):
    """The run waits at a step until the harness has done something to its processes.

    It waits at its first step too, until all others have come so far: what comes before takes them long, and a server
    is not waited for as long as AWS is.
    """

    def __init__(self, case: Case, step: int) -> None:
        super().__init__(case, step)
        self.begun, self.held = threading.Event(), threading.Event()
        self._begin, self._go_on = asyncio.Event(), asyncio.Event()

    def let_begin(self) -> None:
        """Let the run begin, from the proxies' thread."""
        self._begin.set()

    def let_go_on(self) -> None:
        """Let the run go on, from the proxies' thread."""
        self._begin.set()
        self._go_on.set()

    async def before(self, step: Step) -> Fate:
        if step.number == 1:
            self.begun.set()
            await self._begin.wait()
        return Fate.PASS

    async def _hold(self, step: Step) -> Fate:
        if self.begins(step):
            self.held.set()
            await self._go_on.wait()
        return Fate.PASS


class HoldBefore(Hold):
    """Before the request or statement has arrived."""

    async def before(self, step: Step) -> Fate:
        await super().before(step)
        return await self._hold(step)


class HoldAfter(Hold):
    """When it was done and the answer is under way."""

    async def after(self, step: Step) -> Fate:
        return await self._hold(step)


class CutBefore(At):
    """The connection breaks, and what was sent on it is lost."""

    async def before(self, step: Step) -> Fate:
        return Fate.CUT if self.begins(step) else Fate.PASS


class ReplyLost(At):
    """The connection breaks after the work was done."""

    async def after(self, step: Step) -> Fate:
        return Fate.CUT if self.begins(step) else Fate.PASS


class Down(At):
    """The service of that step is away until the run is over."""

    async def before(self, step: Step) -> Fate:
        self.begins(step)
        return Fate.CUT if self.hit and step.service == self.hit.service else Fate.PASS


class Refused(At):
    """AWS answers with an error, to so many requests from that step on; only to those of its operation if so said."""

    def __init__(self, case: Case, step: int, error: Fate, *, times: int = 1_000_000, only: str = "") -> None:
        super().__init__(case, step)
        self._error, self._left, self._only = error, times, only

    async def before(self, step: Step) -> Fate:
        self.begins(step)
        if not self.hit or step.service != AWS or not self._left:
            return Fate.PASS
        if self._only and step.operation != (self.hit.operation if self._only == "same" else self._only):
            return Fate.PASS
        self._left -= 1
        return self._error


class Slow(At):
    """Every answer of the database comes late from there on."""

    async def before(self, step: Step) -> Fate:
        self.begins(step)
        return Fate.PASS

    async def after(self, step: Step) -> Fate:
        if self.hit and step.service == DB:
            await asyncio.sleep(LATE_SECONDS)
        return Fate.PASS


class Late(At):
    """AWS answers as before the last write: to one read, or to all for a while."""

    def __init__(self, case: Case, step: int, seconds: float = 0) -> None:
        super().__init__(case, step)
        self._seconds = seconds
        case.history.wanted = True

    async def before(self, step: Step) -> Fate:
        history, loop = self.case.history, asyncio.get_running_loop()
        if self.begins(step):
            self._until = loop.time() + self._seconds
        if self.hit and step.service == AWS:
            history.late = step.number == self.number or loop.time() < self._until
        return Fate.PASS

    def over(self) -> None:
        self.case.history.late = self.case.history.wanted = False


class Deed(At):
    """A person does something just before the step."""

    def __init__(
        self, case: Case, step: int, deed: Callable[[Case], None], undo: Callable[[Case], None] | None = None
    ) -> None:
        super().__init__(case, step)
        self._deed, self._undo = deed, undo
        self._done, self._seconds = threading.Event(), 0.0
        self._rows: Rows = {}
        self._told_in_time: bool | None = None

    async def before(self, step: Step) -> Fate:
        if self.begins(step):
            began = time.monotonic()
            try:
                await asyncio.to_thread(self._deed, self.case)
                self._rows = await asyncio.to_thread(rows_of, self.case.client)
            finally:
                self._seconds = time.monotonic() - began
                self._done.set()
        return Fate.PASS

    async def after(self, step: Step) -> Fate:
        """Note whether the first answer of AWS after the deed tells of the labels, before the rows were changed."""
        if self.hit and self._told_in_time is None and step.service == AWS:
            self._told_in_time = step.tells_of_labels and self._rows == await asyncio.to_thread(
                rows_of, self.case.client
            )
        return Fate.PASS

    def over(self) -> None:
        if self.hit and not (self._done.wait(DEED_SECONDS) and self._seconds < DEED_SECONDS):
            self.case.found(MISSED, "the deed took longer than a run waits for an answer, so it came too late")
        if self._undo:
            self._undo(self.case)
        if self.case.may_be_refused and not self._told_in_time:
            # What the run did with the label as it knew it, it did in good faith.
            self.case.note_what_a_person_broke()


class Meeting(Undisturbed):
    """Runs on the same client wait for each other at their first request, so that they do meet."""

    def __init__(self, runs: int) -> None:
        self._missing = runs
        self._all_here = asyncio.Event()

    async def before(self, step: Step) -> Fate:
        if step.service == AWS and self._missing:
            self._missing -= 1
            if not self._missing:
                self._all_here.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_here.wait(), MEETING_SECONDS)
        return Fate.PASS
