# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a rotation runs: the words of requests, results, tags and events."""

from __future__ import annotations

SCHEDULED, ON_DEMAND, RECOVERY, ROLLBACK, ONBOARDING = "scheduled", "on_demand", "recovery", "rollback", "onboarding"
TRIGGERS = (SCHEDULED, ON_DEMAND, RECOVERY, ROLLBACK, ONBOARDING)
# Nobody waits for them, and nobody wants a new password.
UNATTENDED = (SCHEDULED, RECOVERY)
