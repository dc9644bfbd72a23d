# SPDX-License-Identifier: GPL-3.0-or-later
"""The AWS emulator, asked one question at a time: under load its own threads trip over each other."""

from __future__ import annotations

import asyncio
from pathlib import Path

from world.aws import AwsEmulator

from .http_messages import ask, read_request, written
from .listener import HOST, Listener


class QueuedAws(AwsEmulator):
    """An emulator with a queue before it, through which everybody goes."""

    def __init__(self, folder: Path) -> None:
        """Describe it; until the queue is open it is asked directly."""
        super().__init__(folder)
        self.queue: Queue | None = None

    @property
    def endpoint_url(self) -> str:
        """Where to send requests instead of to AWS."""
        return f"http://{HOST}:{self.queue.port if self.queue else self.port}"

    async def open_queue(self) -> None:
        """Begin to queue, once it answers."""
        queue = Queue(self.port)
        await queue.start()
        self.queue = queue


class Queue(Listener):
    """Lets requests pass one after the other."""

    def __init__(self, target_port: int) -> None:
        """Describe a queue before a port of this machine."""
        super().__init__()
        self._target_port = target_port
        self._turn = asyncio.Lock()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other."""
        while request := await read_request(reader):
            async with self._turn:
                answer = await ask(self._target_port, request)
            writer.write(written(answer))
            await writer.drain()
