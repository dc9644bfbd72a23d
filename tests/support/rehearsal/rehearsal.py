# SPDX-License-Identifier: GPL-3.0-or-later
"""One rehearsal: an entry of the runbook, how its trouble comes about, the commands to follow, and the end to reach."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rehearsal.acme import Acme
from rehearsal.page import Entry, entries, is_option
from rehearsal.terminal import Answer

PAGE = entries()
FIRST = PAGE["First"]
MYSQL, MARIADB = ("mysql",), ("mariadb",)
BOTH = MYSQL + MARIADB
# "Again", and the commands that the page gives once at its beginning.
AGAIN = "again"
ELSEWHERE = (AGAIN, "first:", "run:", "alarm")
VERIFY, RECOVERY, RECONCILE, ROTATE, ROLLBACK, ONBOARD, RESTORE = (
    f"first:{words}"
    for words in ("verify.yml", "recovery", "reconcile.yml", "rotate.yml", "rollback.yml", "onboard.yml", "restore.yml")
)
WELL = "all is well"
# The trouble has rung already.
ALARM = "alarm"
SCHEDULED = "run:ansible-playbook playbooks/rotate_due.yml"


@dataclass(frozen=True)
class Refused:
    """A command that ends in the message of an entry."""

    words: Words
    entry: str


@dataclass(frozen=True)
class Of:
    """A command of another entry, to which the entry leads."""

    entry: str
    words: str


@dataclass(frozen=True)
class Shows:
    """A command whose failure is what the page wants to be seen, with these words."""

    words: str
    said: str


Words = str | Of
Step = Words | Refused | Shows | Callable[[Acme], object]
Trouble = Callable[[Acme], Iterator[None] | None]


@dataclass(frozen=True)
class Rehearsal:
    """`seen` names the entry whose message shows the trouble, if it is another one; `says` is what the steps print.

    `to` is the command that the options of the page are added to, where it is not the first.
    `needs` names what stands beside servers and emulator: a provisioned account, or the deployed functions.
    """

    entry: str
    trouble: Trouble
    steps: tuple[Step, ...]
    servers: tuple[str, ...] = MYSQL
    seen: str = ""
    first: Words = ROTATE
    says: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ("%",)
    end: Words = VERIFY
    needs: str = ""
    to: Words = ""

    @property
    def name(self) -> str:
        """What it is called in a list of tests."""
        return f"{self.entry}: {self.trouble.__name__}"

    def commands(self) -> dict[str, set[str]]:
        """The commands that are followed, by the entry in which they stand."""
        found: dict[str, set[str]] = {}
        for step in (self.first, *self.steps, self.end):
            words = step.words if isinstance(step, Refused | Shows) else step
            for entry, command in self._found(words) if isinstance(words, str | Of) else ():
                found.setdefault(entry, set()).add(command)
        return found

    def _found(self, words: Words) -> Iterator[tuple[str, str]]:
        if isinstance(words, Of):
            yield words.entry, PAGE[words.entry].command(words.words)
        elif words.startswith("first:"):
            yield FIRST.name, self._command(words)
        elif words and not words.startswith(ELSEWHERE):
            yield self.entry, self._command(words)

    def rehearse(self, acme: Acme) -> None:
        """Cause the trouble, see it, follow the page, and come to its end."""
        with happening(self.trouble, acme):
            if self.first == ALARM:
                shows(Answer(self.entry, 0, acme.kept["alarm"]["AlarmDescription"]), PAGE[self.entry], acme)
            elif self.first:
                shows(self._run(acme, self.first), PAGE[self.seen or self.entry], acme)
            printed = [self._step(acme, step) for step in self.steps]
            seen = " ".join(printed)
            assert not [words for words in self.says if words not in seen], seen
            if self.end:
                assert WELL in succeeds(self._run(acme, self.end)).words

    def _step(self, acme: Acme, step: Step) -> str:
        if isinstance(step, Refused):
            return shows(self._run(acme, step.words), PAGE[step.entry], acme).words
        if isinstance(step, Shows):
            return prints(self._run(acme, step.words), step.said).words
        if callable(step):
            step(acme)
            return ""
        return succeeds(self._run(acme, step)).words

    def _run(self, acme: Acme, words: Words) -> Answer:
        command = self._command(self.first if words == AGAIN else words)
        return acme.follow(command, after=self._command(self.to or self.first) if is_option(command) else "")

    def _command(self, words: Words) -> str:
        if isinstance(words, Of):
            return PAGE[words.entry].command(words.words)
        kind, _colon, rest = words.partition(":")
        if kind == "run":
            return rest
        return FIRST.command(rest) if kind == "first" else PAGE[self.entry].command(words)


def prints(answer: Answer, said: str) -> Answer:
    """Check that a command shows what it is run for."""
    assert said in answer.words, f"{answer.command} does not show {said!r}:\n{answer.printed}"
    return answer


def succeeds(answer: Answer) -> Answer:
    """Check that a command ended well."""
    assert answer.status == 0, f"{answer.command} ended with {answer.status}:\n{answer.printed}"
    return answer


def shows(answer: Answer, entry: Entry, acme: Acme) -> Answer:
    """Check that a person who sees this finds the entry by its message."""
    assert any(quoted(acme.filled(message), answer.words) for message in entry.messages), (
        f"{answer.command} shows none of {entry.messages}:\n{answer.printed}"
    )
    return answer


def quoted(message: str, words: str) -> bool:
    """Whether a message of the page was printed, with anything in the place of three dots."""
    parts = [re.escape(part.strip()) for part in message.replace("`", "").split("...") if part.strip()]
    return re.search(".*".join(parts), words) is not None


@contextmanager
def happening(trouble: Trouble, acme: Acme) -> Iterator[None]:
    """The trouble, until the rehearsal is over."""
    going_on = trouble(acme)
    if going_on is None:
        yield
        return
    next(going_on, None)
    try:
        yield
    finally:
        next(going_on, None)
