# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people are told about, and how loudly."""

from __future__ import annotations

UPCOMING, ROTATED, FAILED, OVERDUE, OFFBOARDED = "upcoming", "rotated", "failed", "overdue", "offboarded"
EVENTS = (UPCOMING, ROTATED, FAILED, OVERDUE, OFFBOARDED)

INFO, WARNING, CRITICAL = "info", "warning", "critical"
SEVERITIES = (INFO, WARNING, CRITICAL)
# So many failures in a row are no passing trouble.
CRITICAL_FAILURES = 3


def severity(event: str, failures: int, days_left: int | None) -> str:
    """Return how loud a notice is; ``days_left`` is below zero where the due date has passed."""
    late = days_left is not None and days_left < 0
    if event == OVERDUE or (event == FAILED and (late or failures >= CRITICAL_FAILURES)):
        return CRITICAL
    return WARNING if event == FAILED else INFO
