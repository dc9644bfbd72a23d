# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocks of a page: commands, files to save, and everything else.

Words in a comment above a block say what to do with it: `<!-- not run: REASON -->`, or `<!-- ends with status: 2 -->`.
`<!-- run: COMMAND -->` is a block that readers do not see, and `<!-- not run below: REASON -->` is for all that follow.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from world.layout import ROOT

COMMANDS = ("bash", "sh", "console")
FENCE = re.compile(r"^( *)```(.*)$")
COMMENT = re.compile(r"^ *<!-- (run|not run|not run below|ends with status): (.+) -->$")
SAVE = re.compile(r"\b[Ss]ave (?:it|this|them)?\s*as `([^`]+)`")
STARTS = r"ansible[\w-]*|aws|cat|cd|cp|curl|export|git|make|pip|podman|python3?|rm|sam|sed|sleep|source|umask"
COMMAND = re.compile(rf"^(?:\$ )?(?:(?:sudo )?(?:{STARTS}) \S|\.venv/bin/)")


@dataclass(frozen=True)
class Block:
    """A block of a page. `kind` is the language of its fence, `file` where a reader saves it."""

    page: str
    line: int
    kind: str
    text: str
    file: str = ""
    reason: str = ""
    status: int = 0

    @property
    def is_command(self) -> bool:
        """Return whether a reader types it."""
        return self.kind in COMMANDS

    @property
    def is_run(self) -> bool:
        """Return whether it is typed, or saved, by the test too."""
        return not self.reason and (self.is_command or bool(self.file))

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Return the scripts of the block, each with the output that the page shows; a block of bash shows none."""
        if self.kind != "console":
            return [(self.text, "")]
        found: list[tuple[str, str]] = []
        for line in self.text.splitlines(keepends=True):
            script, shown = found[-1] if found else ("", "")
            if line.startswith("$ "):
                found.append((line[2:], ""))
            elif not shown and (script.endswith("\\\n") or line.startswith("> ")):
                found[-1] = (script + line.removeprefix("> "), "")
            else:
                found[-1] = (script, shown + line)
        return found

    @property
    def place(self) -> str:
        """Return where it stands."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Return the pages with commands that are run."""
    return [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]


def beginning(of_page: list[Block]) -> list[Block]:
    """Return what comes before a page that starts no world itself: one runs, and its clients are under management."""
    own = any(re.search(r"^make world$", block.text, re.MULTILINE) for block in of_page)
    return [] if own else [Block(of_page[0].page, 0, "bash", "source tools/docs_test/world.sh\n")]


def blocks(path: Path) -> list[Block]:
    """Return the blocks of a page, in their order."""
    return list(Reader(path.name, path.read_text().splitlines()).read())


@dataclass
class Reader:
    """Goes through the lines of one page."""

    page: str
    lines: list[str]
    at: int = 0
    below: str = ""
    reason: str = ""
    status: int = 0
    last: str = ""
    first: int = 0

    def read(self) -> Iterator[Block]:
        """Yield the blocks."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            comment, fence = COMMENT.match(line), FENCE.match(line)
            if comment:
                yield from self._comment(comment[1], comment[2])
            elif fence:
                yield self._block(fence[2], self._fenced())
            elif self._begins_indented():
                yield self._block("", self._indented())
            else:
                self._prose(line)

    def _comment(self, word: str, rest: str) -> Iterator[Block]:
        """Keep what a comment says of the next block, or yield the block that it is."""
        self.at += 1
        if word == "run":
            yield Block(self.page, self.at, "bash", rest + "\n")
        elif word == "not run below":
            self.below = rest
        elif word == "not run":
            self.reason = rest
        else:
            self.status = int(rest)

    def _prose(self, line: str) -> None:
        """Go on; a comment that is followed by words belongs to no block."""
        if line.strip():
            if self.reason or self.status:
                raise ValueError(f"{self.page}:{self.at}: there is no block below this comment")
            self.last = line if not self.last else f"{self.last} {line.strip()}"
        elif not self.lines[self.at - 1].strip():
            self.last = ""
        self.at += 1

    def _block(self, kind: str, text: str) -> Block:
        """Return a block with what was said of it."""
        saved = SAVE.search(self.last[-200:])
        kind = kind or ("bash" if any(COMMAND.match(line) for line in text.splitlines()) else "")
        file = saved[1] if saved and kind not in COMMANDS else ""
        block = Block(self.page, self.first, kind, text, file, self.reason or self.below, self.status)
        self.reason, self.status, self.last = "", 0, ""
        return block

    def _fenced(self) -> str:
        """Return the text of a block between fences, and go behind it."""
        self.first = self.at + 1
        end = next(n for n in range(self.at + 1, len(self.lines)) if FENCE.match(self.lines[n]))
        text = textwrap.dedent("\n".join(self.lines[self.at + 1 : end]) + "\n")
        self.at = end + 1
        return text

    def _begins_indented(self) -> bool:
        """Return whether an indented block begins here."""
        before = self.lines[self.at - 1] if self.at else ""
        return self.lines[self.at].startswith("    ") and (not before.strip() or bool(COMMENT.match(before)))

    def _indented(self) -> str:
        """Return the text of an indented block, and go behind it."""
        self.first = self.at + 1
        rest = range(self.at, len(self.lines))
        end = next((n for n in rest if self.lines[n].strip() and not self.lines[n].startswith("    ")), len(self.lines))
        text = textwrap.dedent("\n".join(self.lines[self.at : end]).rstrip() + "\n")
        self.at = end
        return text
