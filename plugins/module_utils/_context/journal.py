# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diary of a run: its steps with their times, its logins and its warnings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .._clean import one_line
from .._errors import LoginRefused, RotationError, unexpected


@dataclass
class Journal:
    """The diary of one run; ``state_left`` says in one sentence what is true of the password now."""

    client: str
    next_step: str
    state_left: Callable[[], str]
    steps: list[tuple[str, float]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    logins: int = 0
    refused_logins: int = 0
    waited_for_server: float = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; an exception that leaves it learns where it happened and what was left."""
        began = time.monotonic()
        try:
            yield
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # Ansible's task timeout is no Exception
            failure = error if isinstance(error, RotationError) else unexpected(error)
            failure.locate(client=self.client, step=name, state=self.state_left(), next_step=self.next_step)
            raise failure from None
        finally:
            self.steps.append((name, round(time.monotonic() - began, 4)))

    @contextmanager
    def login(self) -> Iterator[None]:
        """Count one login."""
        try:
            yield
        except LoginRefused:
            self.refused_logins += 1
            raise
        self.logins += 1

    def warn(self, text: str) -> None:
        """Keep a warning once."""
        line = one_line(text)
        if line not in self.warnings:
            self.warnings.append(line)
