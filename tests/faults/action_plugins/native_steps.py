# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls the rotation function in the worker of a client, so that what befalls workers befalls the function."""

from __future__ import annotations

import os
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._lambda.rotation_function import rotation


class Context:
    """What Lambda hands over beside the event."""

    function_name = "dbops-rotation-rotate"
    aws_request_id = "0b0b0b0b-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 180_000


class ActionModule(ActionBase):
    """Call it for each event, as long as none fails."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        os.environ.pop("ROTATION_AUDIT_SPOOL", None)  # of the playbooks; no option of a function
        os.environ.update(self._task.args["environment"])
        output = StringIO()
        try:
            with redirect_stdout(output):
                for event in self._task.args["events"]:
                    rotation(event, Context())
        except RotationError as error:
            return {"failed": True, "changed": False, "msg": str(error), "output": output.getvalue()}
        warnings = [line for line in output.getvalue().splitlines() if line.startswith("warning: ")]
        return {"changed": True, "msg": "done", "warnings": warnings, "output": output.getvalue()}
