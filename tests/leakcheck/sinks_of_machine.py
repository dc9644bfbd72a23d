# SPDX-License-Identifier: GPL-3.0-or-later
"""What every user of a machine, or every process of the same user, can see of a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from .sink import Found, Sink
from .watch import Watch

SLEEP = "import time; time.sleep(60)"


@dataclass
class Arguments(Sink):
    """The process list: the arguments of all processes of the machine, sampled during the runs."""

    watch: Watch
    name: str = "process list"

    def collect(self) -> Iterator[Found]:
        """Return every command line that was seen."""
        yield "cmdline", b"\n".join(self.watch.arguments)

    def plant(self, text: str) -> None:
        """Start a process with the secret as an argument."""
        _start_for_a_moment(self.watch, [text], {})


@dataclass
class Environments(Sink):
    """The environments of all processes, sampled during the runs."""

    watch: Watch
    name: str = "environment of processes"

    def collect(self) -> Iterator[Found]:
        """Return every environment that was seen."""
        yield "environ", b"\n".join(self.watch.environments)

    def plant(self, text: str) -> None:
        """Start a process with the secret in its environment."""
        _start_for_a_moment(self.watch, [], {"MYSQL_PWD": text})


def _start_for_a_moment(watch: Watch, arguments: list[str], environment: dict[str, str]) -> None:
    started = subprocess.Popen([sys.executable, "-c", SLEEP, *arguments], env={**os.environ, **environment})
    watch.look_twice()
    started.kill()
    started.wait()
