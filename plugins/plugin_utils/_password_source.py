# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a client's current password comes from: a file or a prompt, read on the controller only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.validation import check_type_int
from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._clean import one_line
from ._terminal import Question, ask

PROMPT_TIMEOUT = 300
OTHER_WAYS = "Give it in a variable (from a vault), in a file or in a secret, as the documentation of the role says."
OTHER_SOURCES = ("password", "source_secret_id", "version", "admin_secret_id")


def read_password_file(path: str) -> str:
    """Return the first line of a file without its line end."""
    shown = one_line(path)
    try:
        text = Path(path).expanduser().read_bytes().decode()
    except (OSError, UnicodeError) as error:
        cause = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise AnsibleActionFail(f"The password file {shown} cannot be read: {cause}. Nothing was changed.") from None
    if text.startswith("\ufeff"):
        raise AnsibleActionFail(
            f"The password file {shown} begins with a byte order mark, which would be taken for a part of the password."
            " Store the same text as UTF-8 without it. Nothing was changed."
        )
    password = text.split("\n", 1)[0].removesuffix("\r")
    if not password:
        raise AnsibleActionFail(f"The first line of the password file {shown} is empty. Nothing was changed.")
    return password


def ask_password(client: str, seconds: int) -> str:
    """Ask at the terminal, without echo, and wait no longer than that."""
    client = one_line(client)
    question = Question(
        text=f"Present password of {client}: ",
        lacking=f"No password was given for {client}",
        in_awx='Launch the job again with a credential of the type "Root password of a client to onboard" beside the'
        " one for AWS.",
        other_ways=OTHER_WAYS,
        private=True,
    )
    return ask(question, seconds)


def add_password(arguments: dict[str, Any]) -> None:
    """Put the password into the arguments of a task, where they name a file or ask for a prompt."""
    # A file beside a password stays where it is: Ansible's own validation then refuses the two together.
    if arguments.get("password_file") and "password" not in arguments:
        arguments["password"] = read_password_file(str(arguments.pop("password_file")))
    prompted = boolean(arguments.pop("prompt", False))
    seconds = check_type_int(arguments.pop("prompt_timeout", PROMPT_TIMEOUT))
    if prompted and not any(name in arguments for name in OTHER_SOURCES):
        arguments["password"] = ask_password(str(arguments["client"]), seconds)
