# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client's name that a person types, before something is done that is hard to undo."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.validation import check_type_int
from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._clean import one_line
from ._terminal import Question, ask

PROMPT_TIMEOUT = 300


def add_confirmation(arguments: dict[str, Any]) -> None:
    """Put the name that is typed at the terminal into the arguments of a task, where they ask for it and have none."""
    prompted = boolean(arguments.pop("prompt", False))
    seconds = check_type_int(arguments.pop("prompt_timeout", PROMPT_TIMEOUT))
    if not prompted or arguments.get("confirm"):
        return
    client = one_line(str(arguments["client"]))
    question = Question(
        text=f"{client} is taken out of management, and its secret is deleted. Type its name: ",
        lacking=f"Nobody has typed the name of {client}",
        in_awx="Launch the job again and type it in the survey.",
        other_ways="Type it in the variable that the documentation of the role names.",
    )
    arguments["confirm"] = [ask(question, seconds)]
