# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and emulators that are removed whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from world.aws import AwsEmulator
from world.databases import DatabaseServer

MakeServer = Callable[..., DatabaseServer]


def running(server: DatabaseServer) -> Iterator[DatabaseServer]:
    """Start a server, and remove it whatever happens."""
    try:
        server.start()
        yield server
    finally:
        server.remove()


def answering(emulator: AwsEmulator) -> Iterator[AwsEmulator]:
    """Start an emulator, and stop it whatever happens."""
    try:
        emulator.start()
        yield emulator
    finally:
        emulator.stop()
