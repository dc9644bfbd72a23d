# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has done outside of itself, for its receipt."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Effects:
    """What was done; ``declared`` and ``recorded`` are the tags that were written before and after the change.

    ``announces`` means that people get a notice of the version.
    """

    changed: bool = False
    announces: bool = False
    sessions_ended: int = 0
    declared: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, str] = field(default_factory=dict)
