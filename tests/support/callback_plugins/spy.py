# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that prints all that callbacks are given, as one that ships events elsewhere would store it."""

from __future__ import annotations

from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: spy
type: notification
short_description: Prints what callbacks are given
description: [For tests of what may not be in it.]
"""


class CallbackModule(CallbackBase):
    """Print the arguments of each task and its result."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "spy"
    CALLBACK_NEEDS_ENABLED = True

    def _spy(self, result: Any) -> None:
        self._display.display(f"SPY {result._task.action} {result._task.args} {result._result}")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._spy(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._spy(result)
