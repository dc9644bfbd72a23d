# SPDX-License-Identifier: GPL-3.0-or-later
"""For pytest: a test during which a process asked AWS for something that it would refuse has failed.

What comes too late for any test, from a process that outlives it, fails the session.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import botocore
import pytest

from . import findings, hook

FOLDER = pytest.StashKey[Path]()
READ = pytest.StashKey[int]()
TITLE = "requests that AWS would refuse"


def pytest_configure(config: pytest.Config) -> None:
    """Have this process and its children checked; a worker has a file of its own, in the folder of the session."""
    is_worker = hasattr(config, "workerinput")
    folder = Path(os.environ[findings.FILE]).parent if is_worker else Path(tempfile.mkdtemp(prefix="wire-check-"))
    config.stash[FOLDER], config.stash[READ] = folder, 0
    os.environ.update(findings.environment(folder / f"{os.getpid()}.jsonl"))
    hook.install(botocore)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the files, which the workers have stopped using by then."""
    if FOLDER in config.stash and not hasattr(config, "workerinput"):
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Fail a test for what was found since the one before it."""
    yield
    found = findings.read(_own(item.config))[item.config.stash[READ] :]
    item.config.stash[READ] += len(found)
    if found:
        pytest.fail(_told(found), pytrace=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Fail the session for anything that was found in any of its processes."""
    yield
    if _all(session.config) and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was found, once more and all together."""
    found = _all(config)
    if found:
        terminalreporter.section(TITLE, red=True)
        terminalreporter.line(_told(found))


def _own(config: pytest.Config) -> Path:
    return config.stash[FOLDER] / f"{os.getpid()}.jsonl"


def _all(config: pytest.Config) -> list[findings.Finding]:
    return [finding for path in sorted(config.stash[FOLDER].glob("*.jsonl")) for finding in findings.read(path)]


def _told(found: list[findings.Finding]) -> str:
    return f"{len(found)} {TITLE}:\n" + "\n".join(str(finding) for finding in found)
