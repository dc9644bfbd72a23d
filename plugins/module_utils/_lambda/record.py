# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit events of one call, each a line of the function's output, which goes to the audit trail's log group."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from .._audit.counts import Counts
from .._audit.event import Origin, encoded, event_of, run_event
from .._audit.outcome import FAILED, SUCCEEDED, Report
from .._clean import one_line
from .._operations import Declaration
from .invocation import Invocation

# What stands in the place of a playbook's name.
ROTATE, NATIVE, SWEEP, RESET = "lambda/rotate", "lambda/native", "lambda/sweep", "lambda/reset"


def show(line: str) -> None:
    """Write a line where Lambda reads it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Record:
    """Writes what happened as the audit callback does, and counts it for the event of the run."""

    def __init__(self, invocation: Invocation, playbook: str, write: Callable[[str], None] | None = None) -> None:
        """Begin the run."""
        self._origin = Origin(invocation.request_id, invocation.function, playbook)
        self._write = write or show
        self._began = monotonic()
        self._counts = Counts()
        self._failed = False
        # The error of the last failure, if no rule refused the work: only such a one may be over when it is done again.
        self.error: Mapping[str, Any] | None = None

    def add(self, declared: Declaration, client: str, result: Mapping[str, Any]) -> None:
        """Take the result of an operation, and tell of its warnings."""
        report = self._report(declared, client, result)
        self._counts.add(report)
        self._failed |= report.failed
        self.error = report.error if report.outcome == FAILED else self.error
        if report.worth_telling:
            self._tell(event_of(report, self._origin, datetime.now(UTC)))
        for text in result.get("warnings", ()):
            self._write(f"warning: {one_line(f'{client}: {text}')}")

    def count(self, declared: Declaration, client: str, result: Mapping[str, Any]) -> None:
        """Take what is worth no event of its own."""
        self._counts.add(self._report(declared, client, result))

    def finish(self) -> None:
        """End the run with the event of its own."""
        outcome = FAILED if self._failed else SUCCEEDED
        seconds = monotonic() - self._began
        numbers = self._counts.numbers()
        self._tell(run_event(numbers, self._origin, datetime.now(UTC), outcome=outcome, check=False, seconds=seconds))

    @staticmethod
    def _report(declared: Declaration, client: str, result: Mapping[str, Any]) -> Report:
        return Report(declared.name, client, result, failed=bool(result.get("failed")), check=False)

    def _tell(self, event: Mapping[str, Any]) -> None:
        self._write(encoded(event).decode().rstrip("\n"))
