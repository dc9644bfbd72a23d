# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that writes what befell each client as a line of JSON, for a harness to read."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: notification
short_description: Writes results as lines of JSON
description: [For the fault matrix, to the file that FAULTS_RESULTS names.]
"""
# The tasks that change a password. What succeeds beside them, such as the look for hooks, says nothing of a change.
CHANGES = ("dbops.rotation.secretsmanager_mysql_rotate", "native_steps")


class CallbackModule(CallbackBase):
    """Write host, status and message of each change, and of every failure."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "results"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, result: Any, status: str) -> None:
        told = result._result
        line = {"host": result._host.get_name(), "task": result._task.action, "status": status}
        line |= {
            key: told[key]
            for key in ("msg", "action", "changed", "error", "waits_for_hooks", "warnings")
            if key in told
        }
        if result._task.action in CHANGES or status != "ok":
            with open(os.environ["FAULTS_RESULTS"], "a") as handle:
                handle.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write(result, "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._write(result, "failed")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._write(result, "unreachable")
