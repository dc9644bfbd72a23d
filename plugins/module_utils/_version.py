# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of the collection, where neither galaxy.yml nor a manifest may be at hand."""

from __future__ import annotations

COLLECTION_VERSION = "0.2.0"
