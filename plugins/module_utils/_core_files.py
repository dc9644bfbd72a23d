# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep what this process holds out of core files."""

from __future__ import annotations

import resource


def forbid_core_files() -> None:
    """Let no core file be written; it would hold the passwords that this process holds."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
