# SPDX-License-Identifier: GPL-3.0-or-later
"""The file to which the processes of a session write what AWS would refuse, a line each, and how it is read."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from .violation import Violation

FILE = "WIRE_CHECK_FINDINGS"
# Set by pytest itself.
TEST = "PYTEST_CURRENT_TEST"
START = str(Path(__file__).with_name("start"))


@dataclass(frozen=True)
class Finding:
    """A violation, and where it comes from."""

    test: str
    operation: str
    parameter: str
    wrong: str
    source: str
    caller: str
    process: str

    @classmethod
    def of(cls, violation: Violation, operation: str, caller: str) -> Self:
        """Describe a violation of this process."""
        told = (violation.parameter, violation.wrong, violation.source)
        return cls(_test(), operation, *told, caller, _process())

    @classmethod
    def unchecked(cls, why: str) -> Self:
        """Describe a process that uses the SDK and cannot be checked."""
        return cls(_test(), "any", "any", f"this process cannot be checked: {why}", "", "", _process())

    def __str__(self) -> str:
        source = f" ({self.source})" if self.source else ""
        return (
            f"{self.operation}, {self.parameter}: {self.wrong}{source}\n"
            f"    sent by {self.caller or 'an unknown place'} in {self.process}\n"
            f"    during {self.test or 'no test'}"
        )


def record(finding: Finding) -> None:
    """Append a finding; one write, so that lines of several processes do not mix."""
    line = json.dumps(asdict(finding)) + "\n"
    descriptor = os.open(os.environ[FILE], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read(path: Path) -> list[Finding]:
    """Return all findings of a file that need not be there."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [Finding(**json.loads(line)) for line in lines]


def environment(path: Path) -> dict[str, str]:
    """Return the variables with which a process and its children are checked."""
    others = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry not in ("", START)]
    return {FILE: str(path), "PYTHONPATH": os.pathsep.join([START, *others])}


def inherited(*folders: Path) -> dict[str, str]:
    """Return what a process with an environment of its own has to be started with, beside folders for imports."""
    path = os.pathsep.join([START, *map(str, folders)])
    return {name: os.environ[name] for name in (FILE, TEST) if name in os.environ} | {"PYTHONPATH": path}


@contextmanager
def apart(path: Path) -> Iterator[Callable[[], list[Finding]]]:
    """Keep findings out of the verdict, for requests that are wrong on purpose; give how to read them."""
    former = os.environ.get(FILE)
    os.environ[FILE] = str(path)
    try:
        yield lambda: read(path)
    finally:
        os.environ.pop(FILE) if former is None else os.environ.update({FILE: former})


def _test() -> str:
    """Return the test that runs, as pytest tells every process that it starts."""
    return os.environ.get(TEST, "").rpartition(" (")[0]


def _process() -> str:
    """Name the program; its arguments may hold values."""
    return f"process {os.getpid()} ({os.path.basename(sys.argv[0]) if sys.argv else 'python'})"
