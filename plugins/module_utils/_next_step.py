# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The next command of a message: what the engine asks for, and its words for the person who reads the message.

The engine writes a placeholder, which command() makes. present() puts the reader's words in its place; nothing else
in the collection names a playbook, a template or an option of a command line in advice.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import quote, unquote

from ansible_collections.dbops.rotation.plugins.module_utils._readers import Options, Reader, reader

# Braces would end the placeholder too early.
_KEPT = " " + string.punctuation.translate(str.maketrans("", "", "{}%"))


class Kind(StrEnum):
    """What may be asked for."""

    ROTATE = "rotate"
    FINISH = "finish"
    VERIFY = "verify"
    ROLL_BACK = "roll_back"
    RECONCILE = "reconcile"
    ONBOARD = "onboard"
    RESTORE = "restore"
    SAME = "same"  # what this run was, with other options
    OPTIONS = "options"


_PLACEHOLDER = re.compile(rf"\{{({'|'.join(Kind)})(?:\|([^{{}}]*))?\}}")


def command(kind: Kind, options: Options | None = None) -> str:
    """Give the placeholder of a command for the client of the message, with options that it is to have."""
    return f"{{{kind}|{quote(json.dumps(options), safe=_KEPT)}}}" if options else f"{{{kind}}}"


def with_options(options: Options) -> str:
    """Give the placeholder of options alone, for a sentence that names the command."""
    return command(Kind.OPTIONS, options)


def present(text: str, client: str, to: Reader | None = None) -> str:
    """Give a text with its next commands in the words of the reader, who is found out where none is named."""
    words = to or reader()

    def told(found: re.Match[str]) -> str:
        options = _options(found[2])
        if found[1] == Kind.OPTIONS:
            return words.options(options)
        return words.command(found[1], client, options)

    return _PLACEHOLDER.sub(told, words.again(text))


def _options(written: str | None) -> Mapping[str, str | list[str]]:
    try:
        return dict(json.loads(unquote(written or "{}")))
    except (TypeError, ValueError):
        return {}  # a name from elsewhere that looks like a placeholder
