# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal in which commands run as they are written, with somebody who answers the prompts."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = [Path(sys.executable).parent, ROOT / ".cache/awscli/bin"]
# A shell remembers what these do for the commands that follow: printed as a command that does it again.
REMEMBERED = {"umask": "umask -p", "export": "declare -p MOMENT"}
# The command line of version 1 takes the endpoint of SQS from an option only.
AWS = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }'
PROMPT = re.compile(rb"[Pp]assword[^\n]*: ?(\r\n)?$")
# A program that copies what is typed does not ask.
AT_ONCE = re.compile(rb"$")
CHUNK = 65536
PATIENCE = 120


@dataclass(frozen=True)
class Answer:
    """What a command printed, and how it ended."""

    command: str
    status: int
    printed: str

    @property
    def words(self) -> str:
        """What was printed, without colors and line ends."""
        return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", self.printed).split())


@dataclass
class Terminal:
    """A shell in a folder that looks like the checkout, so that files that a command writes stay out of it."""

    folder: Path
    environment: dict[str, str]
    remembered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        for path in ROOT.iterdir():
            with suppress(FileExistsError):
                (self.folder / path.name).symlink_to(path)

    def run(self, command: str, typed: Sequence[str] = ()) -> Answer:
        """Run a command, and type these lines, each at a prompt."""
        if again := REMEMBERED.get(command.split()[0]):
            return self._remember(command, again)
        main, other = pty.openpty()
        script = "\n".join([AWS, *self.remembered, command])
        with subprocess.Popen(["setsid", "--ctty", "bash", "-c", script], stdin=other, stdout=other, stderr=other,
                              cwd=self.folder, env=self.whole_environment()) as process:  # fmt: skip
            os.close(other)
            printed = _conversation(main, list(typed), AT_ONCE if command.startswith("cat ") else PROMPT)
            status = process.wait(PATIENCE)
        return Answer(command, status, printed.decode(errors="replace"))

    def _remember(self, command: str, again: str) -> Answer:
        found = subprocess.run(["bash", "-c", f"{command} && {again}"], capture_output=True, text=True, check=True)
        self.remembered += [line for line in found.stdout.splitlines() if "MOMENT" in line or line.startswith("umask")]
        return Answer(command, 0, found.stdout)

    def whole_environment(self) -> dict[str, str]:
        """The environment of every command."""
        path = os.pathsep.join([*map(str, PROGRAMS), os.environ["PATH"]])
        return {**os.environ, "PATH": path, "TERM": "dumb", "ANSIBLE_NOCOLOR": "1", "HOME": str(self.folder),
                "COLUMNS": "200", "AWS_PAGER": "", **self.environment}  # fmt: skip


def _conversation(main: int, lines: list[str], prompt: re.Pattern[bytes]) -> bytes:
    """Read until the other side is closed, and answer each prompt."""
    printed, asked = b"", 0
    with suppress(OSError):
        while True:
            if lines and prompt.search(printed, asked):
                asked = len(printed)
                os.write(main, f"{lines.pop(0)}\n".encode())
            if not select.select([main], [], [], PATIENCE)[0]:
                break
            data = os.read(main, CHUNK)
            if not data:
                break
            printed += data
    os.close(main)
    return printed
