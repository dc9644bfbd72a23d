# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy before AWS for one client: every request is a step."""

from __future__ import annotations

import asyncio
import json

from http_messages import Fate, HttpProxy, Request, ask
from listener import is_gone

from .history import History
from .region import Region
from .reserved import Reserved
from .steps import Course, Step


class AwsProxy(HttpProxy):
    """Counts the requests, lets them be disturbed, and forwards what passes."""

    def __init__(
        self,
        course: Course,
        target_port: int,
        history: History,
        region: Region | None = None,
        reserved: Reserved | None = None,
    ) -> None:
        """Describe a proxy of one client; `history` is told of writes before they are done."""
        super().__init__(target_port)
        self._course = course
        self._history = history
        self._region = region
        self._reserved = reserved

    async def answer(self, request: Request, reader: asyncio.StreamReader) -> Fate:
        """Let a request be disturbed before and after it is handed on."""
        step = self._course.request(request.operation)
        disturbance = self._course.disturbance
        fate = await disturbance.before(step)
        # Whoever was killed while its request was held has not sent it.
        if fate.cut or is_gone(reader):
            return Fate.CUT
        answer = fate if fate.answer else await self._forward(request, step)
        fate = await disturbance.after(step)
        return Fate.CUT if fate.cut or is_gone(reader) else answer

    async def _forward(self, request: Request, step: Step) -> Fate:
        if not step.reads:
            await self._history.remember()
            late = None
        else:
            late = self._history.late_answer(json.loads(request.body), step)
        answer = late or await ask(self._target_port, request)
        if self._reserved:
            self._reserved.note(step.operation, answer)
            if step.operation == "DescribeSecret":
                answer = self._reserved.told(answer, late=late is not None)
        if self._region is None or step.operation != "DescribeSecret":
            return answer
        return self._region.told_late(answer) if late else self._region.told(answer)
