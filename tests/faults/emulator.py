# SPDX-License-Identifier: GPL-3.0-or-later
"""The AWS emulator, asked one question at a time: under load its own threads trip over each other."""

from __future__ import annotations

import asyncio
from pathlib import Path

from http_messages import Fate, HttpProxy, Request
from world.aws import AwsEmulator


class QueuedAws(AwsEmulator):
    """An emulator with a queue before it, through which everybody goes."""

    def __init__(self, folder: Path) -> None:
        """Describe it; until the queue is open it is asked directly."""
        super().__init__(folder)
        self.queue: Queue | None = None

    @property
    def endpoint_url(self) -> str:
        """Where to send requests instead of to AWS."""
        return self.queue.endpoint_url if self.queue else super().endpoint_url

    async def open_queue(self) -> None:
        """Begin to queue, once it answers."""
        queue = Queue(self.port)
        await queue.start()
        self.queue = queue


class Queue(HttpProxy):
    """Lets requests pass one after the other."""

    def __init__(self, target_port: int) -> None:
        """Describe a queue before a port of this machine."""
        super().__init__(target_port)
        self._turn = asyncio.Lock()

    async def answer(self, request: Request, reader: asyncio.StreamReader) -> Fate:
        """Hand one request on after the other."""
        async with self._turn:
            return await super().answer(request, reader)
