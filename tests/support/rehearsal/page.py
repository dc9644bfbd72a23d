# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/runbook.md, read: its entries, the commands that each of them names, and the messages by which it is found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

TEXT = (Path(__file__).resolve().parents[3] / "docs/runbook.md").read_text()
PROGRAMS = ("ansible-playbook", "aws", "cat", "export", "openssl", "rm", "umask")
SHELL = re.compile(rf"(?:{'|'.join(PROGRAMS)}) .*[\w.=@/\"'<)-]", re.DOTALL)
SQL = re.compile(r"[A-Z]{3,} .*;", re.DOTALL)
OPTION = re.compile(r"-e (?:rotation_\w+=.*|'\{.*\}')", re.DOTALL)
# A code, an alarm, a message or a state at the beginning of an item, or a heading.
ITEM = re.compile(r"- (?:\*\*`(?P<code>[a-z0-9_-]+)`\*\*|\*\*?(?P<words>[A-Z*].*))")
HEADING = re.compile(r"#+ (.*)")
BLOCK = re.compile(r"(?: {4}| {6})(?=\S)")


def is_sql(command: str) -> bool:
    return SQL.fullmatch(command) is not None


def is_option(command: str) -> bool:
    """Whether it is to be added to the command that was run before."""
    return OPTION.fullmatch(command) is not None


@dataclass(frozen=True)
class Entry:
    """One entry of the page, and the lines of it."""

    name: str
    lines: tuple[str, ...]

    @cached_property
    def words(self) -> str:
        """The text without line ends."""
        return " ".join(" ".join(self.lines).split())

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """The messages that are quoted, each as the parts between what only a run knows."""
        return tuple(re.findall(r"(?<!\*)\*(?![\s*])([^*]+)\*(?!\*)", self.words))

    @cached_property
    def commands(self) -> tuple[str, ...]:
        """The commands in their order, as they stand there; each once."""
        found = [command for part in self._parts() for command in commands_in(part)]
        return tuple(dict.fromkeys(found))

    def command(self, words: str) -> str:
        """Return the one command with these words; where one command is a longer form of others, the shortest."""
        found = sorted((one for one in self.commands if words in one), key=len)
        assert found, f"the entry {self.name!r} has no command with {words!r}: {self.commands}"
        assert all(one.startswith(found[0]) for one in found), f"{words!r} is in several commands: {found}"
        return found[0]

    def _parts(self) -> list[list[str]]:
        """Return blocks of commands and paragraphs of text, in turn."""
        parts: list[tuple[bool, list[str]]] = []
        for line in self.lines:
            block = BLOCK.match(line) is not None or (line.startswith("        ") and bool(parts) and parts[-1][0])
            if not parts or parts[-1][0] != block:
                parts.append((block, []))
            parts[-1][1].append(line)
        return [[*(["block"] if block else ["text"]), *lines] for block, lines in parts]


def commands_in(part: list[str]) -> list[str]:
    """Return the commands of a block or of a paragraph."""
    kind, *lines = part
    if kind == "text":
        spans = re.findall(r"`([^`]+)`", " ".join(line.strip() for line in lines))
        return [span for span in spans if any(form.fullmatch(span) for form in (SHELL, SQL, OPTION))]
    found: list[str] = []
    for line in lines:
        text = re.sub(r"\s+(?:#|--) .*$", "", line.strip())
        if found and goes_on(found[-1]):
            found[-1] = f"{found[-1].removesuffix(chr(92)).rstrip()} {text}"
        else:
            found.append(text)
    return [command for command in found if SHELL.fullmatch(command) or is_sql(command)]


def goes_on(command: str) -> bool:
    """Whether the next line of a block belongs to this command."""
    return (
        command.endswith("\\")
        or command.count("'") % 2 == 1
        or (re.match(r"[A-Z]{3,} ", command) is not None and not command.endswith(";"))
    )


def explained() -> list[str]:
    """Return the codes that have an entry of their own, as often as they have; names of alarms have a hyphen."""
    items = [item["code"] for line in TEXT.splitlines() if (item := ITEM.match(line)) and item["code"]]
    return [code for code in items if "-" not in code]


def entries() -> dict[str, Entry]:
    """Return every entry by its name: the heading, the code, or the beginning of the message."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in TEXT.splitlines():
        if heading := HEADING.match(line):
            name = heading[1]
        elif item := ITEM.match(line):
            name = item["code"] or item["words"].split(".")[0].strip("* ")
        found.setdefault(name, []).append(line)
    return {name: Entry(name, tuple(lines)) for name, lines in found.items()}
