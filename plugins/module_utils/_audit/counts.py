# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has done, in numbers: the basis of heartbeats and metrics."""

from __future__ import annotations

from .._codes import Code
from .._meaning import End
from .._operations import CYCLE_INFO, NOTICE, VERIFY
from .outcome import FAILED, HOOKS, LEFT_ALONE, REFUSED, SUCCEEDED, Report

# Findings of a verification that tell of an AWSPENDING nobody has finished.
PENDING_FINDINGS = {Code.PENDING, Code.UNFINISHED}


class Counts:
    """Counts clients; one that is looked at twice counts once for each thing that is true of it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._clients: dict[str, set[str]] = {name: set() for name in ("clients", *_NAMES)}
        self._notices = {"notices_sent": 0, "notices_failed": 0}

    def add(self, report: Report) -> None:
        """Count one result."""
        self._clients["clients"].add(report.client)
        for name, applies in _facts(report).items():
            if applies:
                self._clients[name].add(report.client)
        if report.declared is NOTICE and report.result.get("changed"):
            self._notices["notices_sent"] += 1
        if report.declared is NOTICE and report.outcome == FAILED:
            self._notices["notices_failed"] += 1

    def numbers(self) -> dict[str, int]:
        """Return all of them, those that are zero too."""
        return {name: len(clients) for name, clients in self._clients.items()} | self._notices


def _facts(report: Report) -> dict[str, bool]:
    result, changes = report.result, report.declared.changes
    failures = result.get("failures")
    is_state = report.declared is CYCLE_INFO
    return {
        # Who waits for hooks is not done: the result that follows them counts.
        "succeeded": changes and report.outcome == SUCCEEDED and report.meaning.end is not End.WAITS_FOR_HOOKS,
        "rotated": bool(result.get("rotated")),
        "left_alone": changes and report.outcome == LEFT_ALONE,
        "refused": changes and report.outcome == REFUSED,
        "failed": (changes or report.kind == HOOKS or report.of_a_task) and report.outcome == FAILED,
        "locked_out": report.locked_out,
        "unhealthy": report.declared is VERIFY and report.outcome == FAILED,
        "unreadable": is_state and report.failed,
        "candidates": is_state and bool(result.get("candidate")),
        "overdue": is_state and bool(result.get("overdue")),
        "paused": is_state and bool(result.get("paused")),
        "unfinished": (is_state and bool(result.get("unfinished"))) or not PENDING_FINDINGS.isdisjoint(report.findings),
        "failing": is_state and isinstance(failures, dict) and failures.get("count", 0) > 0,
    }


_NAMES = tuple(_facts(Report(CYCLE_INFO.name, "", {}, failed=False, check=False)))
