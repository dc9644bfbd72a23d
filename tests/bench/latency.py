# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS that is as far away as a real one: every answer takes some milliseconds more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from background import Background
from http_messages import Fate, HttpProxy, Request
from world.aws import AwsEmulator

LATENCY = 0.03


class Distant(HttpProxy):
    """Hands a request on after a while; others go on meanwhile."""

    async def answer(self, request: Request, reader: asyncio.StreamReader) -> Fate:
        await asyncio.sleep(LATENCY)
        return await super().answer(request, reader)


@contextmanager
def distant(aws: AwsEmulator) -> Iterator[str]:
    """Return an endpoint that stands before the emulator."""
    background, proxy = Background(), Distant(aws.port)
    background.run(proxy.start())
    try:
        yield proxy.endpoint_url
    finally:
        background.run(proxy.stop())
        background.stop()
