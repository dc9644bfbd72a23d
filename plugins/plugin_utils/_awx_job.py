# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this run is a job of AWX."""

from __future__ import annotations

import os

# AWX sets them for every job, and its modules and its command line read neither: awx/main/tasks/jobs.py.
SET_BY_AWX = ("AWX_PRIVATE_DATA_DIR", "AWX_HOST")


def in_awx_job() -> bool:
    """Return True if AWX, or the automation controller that is made of it, started this run."""
    return any(name in os.environ for name in SET_BY_AWX)
