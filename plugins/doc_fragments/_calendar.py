# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a client's cycle: its length, and when it may be rotated."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  cycle_days:
    description:
      - Days from one rotation to the next, from 1 to 999.
      - If the tag C(rotation/cycle-days) has another number, the due date is counted again from C(rotation/last). By
        default the number in the tag, or 40 without a tag.
    type: int
  lead:
    description:
      - The longest time in seconds from one scheduled run to the next, from 60 to 604800.
      - A run rotates a client whose due date comes before the next run, so that no cycle gets too long. It adds an hour
        for schedules in local time, and five minutes for clocks that differ.
    type: int
    default: 86400
  windows:
    description:
      - Maintenance windows. Without one, a client may be rotated at any time.
      - A client that would be overdue before its next window is rotated in the last window before its due date.
    type: list
    elements: dict
    default: []
    suboptions:
      days:
        description:
          - Weekdays on which the window begins, as V(mon) or V(monday). By default every day.
        type: list
        elements: str
      from:
        description:
          - When the window begins, as a time of day in quotes.
        type: str
        required: true
      to:
        description:
          - When the window ends, up to V(24:00). A time before O(windows[].from) is on the next day.
        type: str
        required: true
      timezone:
        description:
          - The time zone of these times, as a name of the IANA database. In an hour that clocks skip there is no
            window. An hour that comes twice is open twice.
        type: str
        default: UTC
  freezes:
    description:
      - Periods in which scheduled runs rotate nothing, such as a release weekend or the end of the year.
      - A client with its due date in a freeze is rotated before the freeze.
    type: list
    elements: dict
    default: []
    suboptions:
      from:
        description:
          - The first day, or the moment at which the freeze begins (ISO 8601).
        type: str
        required: true
      to:
        description:
          - The last day, or the moment at which the freeze ends.
        type: str
        required: true
      reason:
        description:
          - Why, in one line of at most 200 characters.
        type: str
        required: true
      timezone:
        description:
          - The time zone of days and of moments without one.
        type: str
        default: UTC
"""
