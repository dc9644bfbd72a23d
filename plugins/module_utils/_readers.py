# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reads a message, and what each of them calls an option, a playbook and a command.

Whoever starts the engine says who reads, with reading(). A new reader is a class with these methods and its place in
READERS.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from ._operations import OFFBOARD, ONBOARD, RECONCILE, RESTORE, ROTATE, VERIFY

Options: TypeAlias = Mapping[str, str | list[str]]

COLLECTION = "dbops.rotation"
# The commands of advice, and the operation that each of them is.
COMMANDS = {
    "rotate": ROTATE,
    "finish": ROTATE,
    "verify": VERIFY,
    "roll_back": ROTATE,
    "reconcile": RECONCILE,
    "onboard": ONBOARD,
    "offboard": OFFBOARD,
    "restore": RESTORE,
}
# The role has a playbook of its own for a rotation back.
PLAYBOOKS = {kind: declared.playbook for kind, declared in COMMANDS.items()} | {"roll_back": "rollback"}
MODULES = {kind: declared.name for kind, declared in COMMANDS.items()}
FIXED: dict[str, Options] = {"finish": {"trigger": "recovery"}}
# Where the role calls an option by another word than its module.
VARIABLES = {"backup.path": "backup_file", "onboard.replica": "replica_regions", "onboard.username": "onboard_user"}
# As roles/rotation_awx makes them. A restore needs a file, which the container of a job has not.
TEMPLATES = {
    "rotate": "Rotate a client now",
    "finish": "Finish what was begun",
    "verify": "Verify",
    "roll_back": "Roll back a client",
    "reconcile": "Reconcile a client",
    "onboard": "Onboard a client",
    "offboard": "Offboard a client",
    # A scheduled job asks for nothing, so the same template would not do.
    "same": "Rotate a client now' or, for a reconciliation, 'Reconcile a client",
}
FIXED_OF_MODULES: dict[str, Options] = {**FIXED, "roll_back": {"trigger": "rollback"}}
# What only the role has, in a task's own words.
KEYWORDS = {"jump_host": "delegate_to"}

# The functions: what they and their bus are called where nobody says otherwise, and which options an event holds.
FUNCTIONS = "dbops-rotation"
EVENT_OPTIONS = {"force": {"force": True}}


class Reader(Protocol):
    """The words of one kind of reader."""

    def option(self, name: str) -> str:
        """Name an option; before a dot stands whose it is, where several have one of that name."""

    def playbook(self, name: str) -> str:
        """Name a playbook."""

    def command(self, kind: str, client: str, options: Options) -> str:
        """Return how the command is started for this client."""

    def options(self, options: Options) -> str:
        """Write options in the form that a command takes."""

    def again(self, text: str) -> str:
        """Say "run the same command again", and "the same command", in the reader's words."""


@dataclass(frozen=True)
class CommandLine:
    """Somebody at a shell, in a checkout. ``inventory`` is the value of -i."""

    inventory: tuple[str, ...] = ()

    def option(self, name: str) -> str:
        """Return the role's variable."""
        return variable(name)

    def playbook(self, name: str) -> str:
        """Return a path."""
        return f"playbooks/{name}.yml"

    def command(self, kind: str, client: str, options: Options) -> str:
        """Write a command that can be copied."""
        if kind not in PLAYBOOKS:
            return f"the same command with {self.options(options)}"
        words = ["ansible-playbook", self._playbook_file(PLAYBOOKS[kind])]
        words += [f"-i {shlex.quote(source)}" for source in self.inventory]
        words += [f"-l {shlex.quote(limit(client))}", self.options({**FIXED.get(kind, {}), **options})]
        return " ".join(filter(None, words))

    def options(self, options: Options) -> str:
        """Write extra variables."""
        return " ".join(f"-e {_extra_variable(variable(name), value)}" for name, value in options.items())

    def again(self, text: str) -> str:
        """Return the text, which speaks of commands."""
        return text

    def _playbook_file(self, name: str) -> str:
        return "rotate.yml" if name == "rotate" else self.playbook(name)


class Installed(CommandLine):
    """Somebody at a shell, with the installed collection."""

    def playbook(self, name: str) -> str:
        """Return the name by which Ansible finds it."""
        return f"{COLLECTION}.{name}"

    def _playbook_file(self, name: str) -> str:
        return self.playbook(name)


@dataclass(frozen=True)
class Awx:
    """Somebody who looks at the output of a job of AWX."""

    def option(self, name: str) -> str:
        """Return the role's variable, which is also a template's."""
        return variable(name)

    def playbook(self, name: str) -> str:
        """Return the path in the project."""
        return CommandLine().playbook(name)

    def command(self, kind: str, client: str, options: Options) -> str:
        """Name the template and what it asks for."""
        if kind not in TEMPLATES:
            return f"at a command line, for AWX has no template for it: {CommandLine().command(kind, client, options)}"
        parameters = f" and {self.options(options)}" if options else ""
        return f"launch the template '{TEMPLATES[kind]}' with limit {limit(client)}{parameters}"

    def options(self, options: Options) -> str:
        """Write the answers to the questions of a template."""
        return " and ".join(f"{variable(name)}: {_join(value)}" for name, value in options.items())

    def again(self, text: str) -> str:
        """Speak of jobs."""
        jobs = re.sub(r"\b([Rr])un the same command again", r"\1elaunch the job", text)
        return re.sub(r"\b([Tt])he same command", r"\1he same template", jobs)


@dataclass(frozen=True)
class Function:
    """Somebody who looks at the output of a Lambda function, and may have no controller.

    ``bus`` is what the bus is called, and what the names of the functions begin with.
    """

    bus: str = FUNCTIONS

    @classmethod
    def named(cls, function: str) -> Function:
        """Return the reader of a function of this name; the deployment gives all of them one beginning."""
        found = re.fullmatch("(.+)-(rotate|sweep|reset)", function)
        return cls(found[1]) if found else cls()

    def option(self, name: str) -> str:
        """Return the name in a parameter, which is the role's variable."""
        return variable(name)

    def playbook(self, name: str) -> str:
        """Return the path in a checkout."""
        return CommandLine().playbook(name)

    def command(self, kind: str, client: str, options: Options) -> str:
        """Write the event that asks for it, or name the command line where no event does."""
        if kind == "finish":
            sweep = f"aws lambda invoke --function-name {self.bus}-sweep /dev/stdout"
            return f"wait for the next sweep, which finishes it, or start one: {sweep}"
        if kind == "rotate":
            asked = {key: value for name in options for key, value in EVENT_OPTIONS.get(name, {}).items()}
            stored = {name: options[name] for name in options if name not in EVENT_OPTIONS}
            return f"{_put_event(self.bus, client, asked)}{f' with {self.options(stored)}' if stored else ''}"
        if kind not in PLAYBOOKS:
            return f"the same event with {self.options(options)}"
        return f"at a command line, for no function does it: {CommandLine().command(kind, client, options)}"

    def options(self, options: Options) -> str:
        """Write options as the client's parameter holds them."""
        named = {variable(name): value for name, value in options.items()}
        return f"{json.dumps(named, ensure_ascii=False)} in the client's parameter"

    def again(self, text: str) -> str:
        """Speak of events."""
        sent = re.sub(r"\b([Rr])un the same command again", _send_again, text)
        return re.sub(r"\b([Tt])he same command", r"\1he same event", sent)


@dataclass(frozen=True)
class Engine:
    """A reader who is unknown."""

    def option(self, name: str) -> str:
        """Return the bare name; one that ends in a dot stands for all of somebody's options."""
        return name.rstrip(".").rpartition(".")[2]

    def playbook(self, name: str) -> str:
        """Return the name in the collection."""
        return f"{COLLECTION}.{name}"

    def command(self, kind: str, client: str, options: Options) -> str:
        """Return what is to be done, not by what."""
        what = "the same" if kind == "same" else f"{kind.replace('_', ' ')} {client}"
        return self._with(what, {**FIXED.get(kind, {}), **options})

    def options(self, options: Options) -> str:
        """Write names and values."""
        return " and ".join(f"{self.option(name)}: {_join(value)}" for name, value in options.items())

    def again(self, text: str) -> str:
        """Return the text."""
        return text

    def _with(self, what: str, options: Options) -> str:
        return f"{what} with {self.options(options)}" if options else what


class ModuleUser(Engine):
    """Somebody who wrote a task with a module of the collection."""

    def option(self, name: str) -> str:
        """Return the bare name, or the keyword of a task."""
        return KEYWORDS.get(name, super().option(name))

    def command(self, kind: str, client: str, options: Options) -> str:
        """Name the module."""
        what = f"run {COLLECTION}.{MODULES[kind]} for {client}" if kind in MODULES else "the same task"
        return self._with(what, {**FIXED_OF_MODULES.get(kind, {}), **options})

    def again(self, text: str) -> str:
        """Speak of tasks."""
        return re.sub(r"\b([Tt])he same command", r"\1he same task", text)


READERS: dict[str, type[Any]] = {
    one.__name__: one for one in (CommandLine, Installed, Awx, Function, Engine, ModuleUser)
}
# Where a module finds who reads its messages, on whatever host it runs.
ENVIRONMENT = "DBOPS_ROTATION_READER"
_reading: list[Reader] = []


def reader() -> Reader:
    """Return who reads the messages now."""
    return _reading[-1] if _reading else Engine()


@contextmanager
def reading(to: Reader) -> Iterator[None]:
    """Speak to this reader for a while, in all threads."""
    _reading.append(to)
    try:
        yield
    finally:
        _reading.pop()


def as_environment(to: Reader) -> dict[str, str]:
    """Return the environment by which a module speaks to the same reader."""
    return {ENVIRONMENT: json.dumps({"reader": type(to).__name__, **vars(to)})}


def from_environment() -> Reader:
    """Return the reader of a module; a user of it by default."""
    try:
        fields = json.loads(os.environ[ENVIRONMENT])
        user: Reader = READERS[fields.pop("reader")](**{name: tuple(value) for name, value in fields.items()})
    except (KeyError, ValueError, TypeError, AttributeError):
        return ModuleUser()
    return user


def variable(name: str) -> str:
    """Return the role's variable of an option."""
    return f"rotation_{VARIABLES.get(name, name.replace('.', '_'))}"


def limit(client: str) -> str:
    """Write a client's name as a limit; Ansible splits at spaces where there is no comma."""
    return f"{client}," if {" ", ":"} & set(client) else client


def _send_again(found: re.Match[str]) -> str:
    return f"{'S' if found[1] == 'R' else 's'}end the event again, or wait for the next sweep"


def _put_event(bus: str, client: str, asked: Mapping[str, bool]) -> str:
    """Write a command that can be copied."""
    detail = {"schema": 1, "client": client, "reason": "WHY", **asked}
    entry = {
        "EventBusName": bus,
        "Source": COLLECTION,
        "DetailType": "Rotation Requested",
        "Detail": json.dumps(detail, ensure_ascii=False),
    }
    return f"aws events put-events --entries {shlex.quote(json.dumps([entry], ensure_ascii=False))}"


def _extra_variable(name: str, value: str | list[str]) -> str:
    if isinstance(value, str):
        return f"{name}={shlex.quote(value)}"
    return shlex.quote(json.dumps({name: value}, ensure_ascii=False))


def _join(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)
