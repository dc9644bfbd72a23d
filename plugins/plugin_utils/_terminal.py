# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question at the terminal, which nobody waits for longer than they want."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ansible.errors import AnsibleActionFail, AnsiblePromptNoninteractive
from ansible.utils.display import Display

from ._awx_job import in_awx_job

UNCHANGED = "Nothing was changed."


@dataclass(frozen=True)
class Question:
    """What is asked, and what to say without an answer.

    ``lacking`` begins the sentence, ``in_awx`` says what to do in AWX, and ``other_ways`` at a command line.
    """

    text: str
    lacking: str
    in_awx: str
    other_ways: str
    private: bool = False


def ask(question: Question, seconds: int) -> str:
    """Return the answer; raises AnsibleActionFail where there is nobody to ask, or no answer in time."""
    if in_awx_job():
        # AWX gives every job a terminal, at which nobody sits: the job would wait for ever, and others of its template.
        raise AnsibleActionFail(
            f"{question.lacking}, and a job of AWX has nobody to ask. {question.in_awx} {UNCHANGED}"
        )
    begun = time.monotonic()
    try:
        answer = Display().prompt_until(question.text, private=question.private, seconds=seconds)
    except AnsiblePromptNoninteractive:
        raise AnsibleActionFail(
            f"{question.lacking} and there is no terminal to ask at. {question.other_ways} {UNCHANGED}"
        ) from None
    # What was typed when the time ran out is returned like an answer.
    if time.monotonic() - begun >= seconds:
        others = question.other_ways[0].lower() + question.other_ways[1:]
        raise AnsibleActionFail(
            f"{question.lacking} within {seconds} seconds. Run the same command again and answer, or {others}"
            f" {UNCHANGED}"
        )
    return str(answer.decode())
