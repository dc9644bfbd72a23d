# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options, playbooks and commands in a message: the engine's placeholders, and the words of whoever reads them.

A text names an option as {option|overlap} and a playbook as {playbook|provision}; command() makes the placeholder of a
command. present() puts the reader's words in their place; nothing else in the engine names a variable of the role, a
playbook, a template or an option of a command line.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import quote, unquote

from ._readers import Options, Reader, reader

# The results that may advise to do something again.
ADVICE = ("msg", "next_step", "warnings")
# Braces would end the placeholder too early.
_KEPT = " " + string.punctuation.translate(str.maketrans("", "", "{}%"))


class Kind(StrEnum):
    """What a placeholder may stand for."""

    ROTATE = "rotate"
    FINISH = "finish"
    VERIFY = "verify"
    ROLL_BACK = "roll_back"
    RECONCILE = "reconcile"
    ONBOARD = "onboard"
    OFFBOARD = "offboard"
    RESTORE = "restore"
    SAME = "same"  # what this run was, with other options
    OPTIONS = "options"


_NAME = re.compile(r"\{(option|playbook)\|([a-z_.]+)\}")
# One of a text that was too long ends as the text does.
_COMMAND = re.compile(rf"\{{({'|'.join(Kind)})(?:\|([^{{}}]*))?(?:\}}|\.\.\.$)")


def option(name: str) -> str:
    """Return the placeholder of an option; before a dot stands whose it is, where several have one of that name."""
    return f"{{option|{name}}}"


def command(kind: Kind, options: Options | None = None) -> str:
    """Return the placeholder of a command for the client of the message, with options that it is to have."""
    return f"{{{kind}|{quote(json.dumps(options), safe=_KEPT)}}}" if options else f"{{{kind}}}"


def with_options(options: Options) -> str:
    """Return the placeholder of options alone, for a sentence that names the command."""
    return command(Kind.OPTIONS, options)


def present(text: str, client: str, to: Reader | None = None) -> str:
    """Return a text, such as a next step, in the words of the reader; of the present reader where ``to`` is None."""
    words = to or reader()
    return filled(words.again(text), client, words)


def filled(text: str, client: str, to: Reader | None = None) -> str:
    """Return a text, of which some may come from elsewhere, with the reader's words in the place of placeholders."""
    words = to or reader()

    def name_of(match: re.Match[str]) -> str:
        return words.option(match[2]) if match[1] == "option" else words.playbook(match[2])

    def command_of(match: re.Match[str]) -> str:
        options = _options(match[2])
        if match[1] == Kind.OPTIONS:
            return words.options(options)
        return words.command(match[1], client, options)

    return _COMMAND.sub(command_of, _NAME.sub(name_of, text))


def filled_result(value: Any, client: str, words: Callable[[str, str], str] = filled) -> Any:
    """Return plain data with every text in it filled, and what may advise something in the words of the reader."""
    if isinstance(value, str):
        return words(value, client)
    if isinstance(value, Mapping):
        return {key: filled_result(one, client, present if key in ADVICE else words) for key, one in value.items()}
    return [filled_result(one, client, words) for one in value] if isinstance(value, list | tuple) else value


def _options(text: str | None) -> Mapping[str, str | list[str]]:
    try:
        return dict(json.loads(unquote(text or "{}")))
    except (TypeError, ValueError):
        return {}  # a name from elsewhere that looks like a placeholder
