# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show a table as it is, not as the value of a result, whose lines Ansible would quote, indent and wrap."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ._awx_job import in_awx_job
from ._fleet_table import TABLE, fleet_status
from ._past_table import history

# Callbacks whose whole output is a document for programs, which has the text in the result.
DOCUMENTS = ("json", "jsonl")
WRITERS: dict[str, Callable[..., str]] = {"states": fleet_status, "events": history}
SPEC = {
    "states": {"type": "dict"},
    "events": {"type": "list", "elements": "dict"},
    "form": {"type": "str", "default": "table"},
}


def terminal_width() -> int:
    """Return the columns of the terminal that the run writes to; 0 where there is none."""
    if in_awx_job():  # what AWX gives a job is a terminal of 80 columns, at which nobody sits
        return 0
    try:
        return os.get_terminal_size(1).columns
    except OSError:
        return 0


# Ansible imports this before it forks the worker of a task, which has no terminal.
WIDTH = terminal_width()


class TableAction(ActionBase):
    """Write what another task has read in the form of the option, and show it."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Show the text, and return it as wide as it gets."""
        super().run(tmp, task_vars)
        _result, params = self.validate_argument_spec(
            SPEC, mutually_exclusive=[list(WRITERS)], required_one_of=[list(WRITERS)]
        )
        (kind,) = (name for name in WRITERS if params[name] is not None)
        write, form = WRITERS[kind], params["form"]
        text = write(params[kind], form)
        if not _is_a_document(constants.DEFAULT_STDOUT_CALLBACK):
            shown = write(params[kind], form, WIDTH) if WIDTH and form == TABLE else text
            # One piece, for others may write at the same time; Ansible may write the name of the task after it.
            Display().display("\n".join([*_title(kind, form, task_vars or {}), shown]))
        return {"changed": False, "text": text}


def _title(kind: str, form: str, variables: dict[str, Any]) -> list[str]:
    if form != TABLE:
        return []
    return ["", "State of the clients:" if kind == "states" else f"History of {variables['inventory_hostname']}:"]


def _is_a_document(callback: str) -> bool:
    return callback.rpartition(".")[2] in DOCUMENTS
