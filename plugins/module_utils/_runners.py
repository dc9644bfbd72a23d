# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose schedule visits a client: that of the playbooks, or the sweep of the Lambda functions."""

from __future__ import annotations

ANSIBLE, LAMBDA = "ansible", "lambda"
RUNNERS = (ANSIBLE, LAMBDA)
# Why the schedule of the playbooks leaves a client alone.
RUNS_AS_A_FUNCTION = "runs as a function"
