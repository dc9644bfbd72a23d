# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option that keeps a client out of scheduled runs."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  paused:
    description:
      - Leave the client out of scheduled runs for a time. If it becomes overdue meanwhile, people get a notice.
    type: dict
    suboptions:
      until:
        description:
          - The last day, or the moment at which the pause ends (ISO 8601).
        type: str
        required: true
      reason:
        description:
          - Why, in one line of at most 200 characters.
        type: str
        required: true
      timezone:
        description:
          - The time zone of a day and of a moment without one.
        type: str
        default: UTC
"""
