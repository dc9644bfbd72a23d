# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulators of AWS have in common: a program that speaks HTTP on a loopback port."""

from __future__ import annotations

import urllib.request
from abc import abstractmethod
from collections.abc import Mapping, Sequence

from world import processes
from world.service import HOST, Service


class Emulator(Service):
    """An AWS as a child process, with nothing in it."""

    @property
    def endpoint_url(self) -> str:
        """Return where to send requests instead of to AWS."""
        return f"http://{HOST}:{self.port}"

    def launch(self) -> None:
        """Start it without waiting."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = processes.free_port()
        self.log.write_text("")
        command, marker = self._command()
        self._start_process(command, marker, self.log, self._environment())

    @abstractmethod
    def _command(self) -> tuple[Sequence[str], str]:
        """Return its command line, and the part of it by which it is recognised later."""

    @abstractmethod
    def _environment(self) -> Mapping[str, str]:
        """Return its whole environment."""

    def _call(self, path: str, method: str = "GET", timeout: float = 30) -> bytes:
        """Call the emulator's own interface, past any proxy that the environment names."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(f"{self.endpoint_url}{path}", method=method)
        with opener.open(request, timeout=timeout) as answer:
            content: bytes = answer.read()
        return content

    def _serves(self, path: str) -> bool:
        """Return True if it answers at a path of its own interface."""
        try:
            self._call(path, timeout=5)
        except OSError:
            return False
        return True
