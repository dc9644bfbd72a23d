# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reads a message, and the words in which each of them starts a command.

A new reader is a class with these methods and a line in READERS.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from ansible_collections.dbops.rotation.plugins.module_utils._awx_job import in_awx_job
from ansible_collections.dbops.rotation.plugins.module_utils._in_function import in_function

Options: TypeAlias = Mapping[str, str | list[str]]

PLAYBOOKS = {
    "rotate": "rotate.yml",
    "finish": "rotate.yml",
    "verify": "playbooks/verify.yml",
    "roll_back": "playbooks/rollback.yml",
    "reconcile": "playbooks/reconcile.yml",
    "onboard": "playbooks/onboard.yml",
    "restore": "playbooks/restore.yml",
}
FIXED: dict[str, Options] = {"finish": {"rotation_trigger": "recovery"}}
# As roles/rotation_awx makes them. A restore needs a file, which the container of a job has not.
TEMPLATES = {
    "rotate": "Rotate a client now",
    "finish": "Finish what was begun",
    "verify": "Verify",
    "roll_back": "Roll back a client",
    "reconcile": "Reconcile a client",
    "onboard": "Onboard a client",
    # A scheduled job asks for nothing, so the same template would not do.
    "same": "Rotate a client now' or, for a reconciliation, 'Reconcile a client",
}

# The functions: where events go, how a sweep is started, and what advice puts into an event, by the role's variables.
BUS = "dbops-rotation"
SWEEP = "aws lambda invoke --function-name dbops-rotation-sweep /dev/stdout"
EVENT_OPTIONS = {"rotation_force": {"force": True}}


class Reader(Protocol):
    """The words of one kind of reader."""

    def command(self, kind: str, client: str, options: Options) -> str:
        """Say how the command is started for this client."""

    def options(self, options: Options) -> str:
        """Write options as they are given to a command."""

    def again(self, text: str) -> str:
        """Say "run the same command again", and "the same command", in the reader's words."""


class CommandLine:
    """Somebody at a shell, in a checkout."""

    def command(self, kind: str, client: str, options: Options) -> str:
        """Write a command that can be copied."""
        if kind not in PLAYBOOKS:
            return f"the same command with {self.options(options)}"
        words = f"ansible-playbook {PLAYBOOKS[kind]} -l {shlex.quote(limit(client))}"
        return " ".join(filter(None, (words, self.options({**FIXED.get(kind, {}), **options}))))

    def options(self, options: Options) -> str:
        """Write extra variables."""
        return " ".join(f"-e {_extra_variable(name, value)}" for name, value in options.items())

    def again(self, text: str) -> str:
        """Give the text, which speaks of commands."""
        return text


class Awx:
    """Somebody who looks at the output of a job of AWX."""

    def command(self, kind: str, client: str, options: Options) -> str:
        """Name the template and what it asks for."""
        if kind not in TEMPLATES:
            return f"at a command line, for AWX has no template for it: {CommandLine().command(kind, client, options)}"
        asked = f" and {self.options(options)}" if options else ""
        return f"launch the template '{TEMPLATES[kind]}' with limit {limit(client)}{asked}"

    def options(self, options: Options) -> str:
        """Write the answers to the questions of a template."""
        return " and ".join(
            f"{name}: {value if isinstance(value, str) else ','.join(value)}" for name, value in options.items()
        )

    def again(self, text: str) -> str:
        """Speak of jobs."""
        jobs = re.sub(r"\b([Rr])un the same command again", r"\1elaunch the job", text)
        return re.sub(r"\b([Tt])he same command", r"\1he same template", jobs)


class Functions:
    """Somebody who looks at the output of a function, and may have no controller."""

    def command(self, kind: str, client: str, options: Options) -> str:
        """Write the event that asks for it, or name the command line where no event does."""
        if kind == "finish":
            return f"wait for the next sweep, which finishes it, or start one: {SWEEP}"
        if kind == "rotate":
            asked = {key: value for name in options for key, value in EVENT_OPTIONS.get(name, {}).items()}
            stored = {name: options[name] for name in options if name not in EVENT_OPTIONS}
            return f"{_put_event(client, asked)}{f' with {self.options(stored)}' if stored else ''}"
        if kind not in PLAYBOOKS:
            return f"the same event with {self.options(options)}"
        return f"at a command line, for no function does it: {CommandLine().command(kind, client, options)}"

    def options(self, options: Options) -> str:
        """Write options as the client's parameter holds them."""
        return f"{json.dumps(dict(options), ensure_ascii=False)} in the client's parameter"

    def again(self, text: str) -> str:
        """Speak of events."""
        sent = re.sub(r"\b([Rr])un the same command again", _send_again, text)
        return re.sub(r"\b([Tt])he same command", r"\1he same event", sent)


def _send_again(found: re.Match[str]) -> str:
    return f"{'S' if found[1] == 'R' else 's'}end the event again, or wait for the next sweep"


def _put_event(client: str, asked: Mapping[str, bool]) -> str:
    """Write a command that can be copied."""
    detail = {"schema": 1, "client": client, "reason": "WHY", **asked}
    entry = {
        "EventBusName": BUS,
        "Source": "dbops.rotation",
        "DetailType": "Rotation Requested",
        "Detail": json.dumps(detail, ensure_ascii=False),
    }
    return f"aws events put-events --entries {shlex.quote(json.dumps([entry], ensure_ascii=False))}"


# The first whose sign is there reads the message.
READERS: list[tuple[Callable[[], bool], Reader]] = [
    (in_function, Functions()),
    (in_awx_job, Awx()),
    (lambda: True, CommandLine()),
]


def reader() -> Reader:
    """Find out who reads the messages of this run."""
    return next(one for is_there, one in READERS if is_there())


def limit(client: str) -> str:
    """Write a client's name as a limit; Ansible splits at spaces where there is no comma."""
    return f"{client}," if {" ", ":"} & set(client) else client


def _extra_variable(name: str, value: str | list[str]) -> str:
    if isinstance(value, str):
        return f"{name}={shlex.quote(value)}"
    return shlex.quote(json.dumps({name: value}, ensure_ascii=False))
