# SPDX-License-Identifier: GPL-3.0-or-later
"""How everything that is under way in other threads ends early, as after Ctrl-C."""

from __future__ import annotations

import threading

_STOP = threading.Event()


class Stopped(Exception):
    """Somebody does not want to wait for the rest."""


def stop() -> None:
    """Have every pause end, now and from now on."""
    _STOP.set()


def pause(seconds: float) -> None:
    """Wait; raises Stopped where there is nothing to wait for any more."""
    if _STOP.wait(seconds):
        raise Stopped
