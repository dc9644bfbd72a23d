# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulator and the database servers have in common: they start, answer on a port of their own, and end."""

from __future__ import annotations

import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from world import processes
from world.errors import WorldError

HOST = "127.0.0.1"
STARTING = 60.0


class Service(ABC):
    """A child process on a free loopback port, which is ready when it answers."""

    # Words of the log by which a service says that its port was taken before it could listen there.
    LOST_PORT: ClassVar[tuple[str, ...]]

    def __init__(self, title: str, folder: Path, log: str, *, tied: bool) -> None:
        """Describe a service whose files lie in `folder`; a tied one is killed when the starting thread ends."""
        self.title = title
        self.folder = folder
        self.log = folder / log
        self.port = 0
        self.process: processes.Process | None = None
        self._tied = tied
        self._child: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def launch(self) -> None:
        """Start it without waiting, so that several services can start side by side."""

    @abstractmethod
    def _answers(self) -> bool:
        """Return True if this service, and not another program on the same port, is ready."""

    def start(self) -> None:
        """Start it and return when it answers."""
        self.launch()
        self.wait()

    def wait(self) -> None:
        """Return when it answers; a port lost to another program is replaced by a new one."""
        limit = time.monotonic() + STARTING
        while not self._answers():
            if self._child is not None and self._child.poll() is not None:
                self._relaunch()
            elif time.monotonic() > limit:
                raise WorldError(f"{self.title} takes more than {STARTING:.0f} s to start: see {self.log}.")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it, by force when it does not end in time."""
        if self.process is None or self._child is None:
            return
        processes.end([self.process])
        self._child.wait()
        self.process = self._child = None

    def _start_process(
        self, command: Sequence[str], marker: str, output: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start the process; `marker` is the part of its command line by which it is recognised later."""
        self._child = processes.start(command, marker, output, tied=self._tied, environment=environment)
        self.process = processes.Process(self._child.pid, marker)

    def _logged(self) -> str:
        return self.log.read_text(errors="replace")

    def _relaunch(self) -> None:
        """Start again on another port if the last one was taken meanwhile; any other end is an error."""
        if not any(words in self._logged() for words in self.LOST_PORT):
            raise WorldError(f"{self.title} ended instead of starting: see {self.log}.")
        self.launch()
