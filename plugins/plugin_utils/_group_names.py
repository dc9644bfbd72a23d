# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups by which an inventory plugin tells the plays what it has found."""

from __future__ import annotations

CANDIDATES = "rotation_candidates"
BROUGHT_FORWARD = "rotation_brought_forward"
# The clients of all listings.
LISTED = "rotation_listed"
# It is there if a file could not be read.
UNREAD = "rotation_unread"
