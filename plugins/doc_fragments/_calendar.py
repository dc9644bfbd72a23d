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
      - If it is another number than the tag C(rotation/cycle-days) says, the due date is counted anew from
        C(rotation/last). If it is not set, the tag counts, and 40 without one.
    type: int
  lead:
    description:
      - The longest time in seconds from one scheduled run to the next, from 60 to 604800.
      - A client is due when its due date comes before the next run, so that no cycle gets longer than it may be. An
        hour is added for schedules that follow local time, and five minutes for clocks that differ.
    type: int
    default: 86400
  windows:
    description:
      - Maintenance windows. Without one, a client may be rotated at any time.
      - A client that would be overdue before its next window is rotated in the last window before.
    type: list
    elements: dict
    default: []
    suboptions:
      days:
        description:
          - Weekdays on which the window begins, as V(mon) or V(monday). Every day if it is not set.
        type: list
        elements: str
      from:
        description:
          - When it begins, as a time of day in quotes.
        type: str
        required: true
      to:
        description:
          - When it ends, up to V(24:00). A time before O(windows[].from) is on the next day.
        type: str
        required: true
      timezone:
        description:
          - Whose clocks are meant, as a name of the IANA database. Hours that clocks skip do not come; hours that come
            twice are open twice.
        type: str
        default: UTC
  freezes:
    description:
      - Periods in which scheduled runs rotate nothing, such as a release weekend or the end of the year.
      - A client whose due date lies in one is rotated before it.
    type: list
    elements: dict
    default: []
    suboptions:
      from:
        description:
          - The first day, or the moment at which it begins (ISO 8601).
        type: str
        required: true
      to:
        description:
          - The last day, or the moment at which it ends.
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
