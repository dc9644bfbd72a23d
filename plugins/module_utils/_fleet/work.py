# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scheduled run has to do with a client, as far as labels and tags tell."""

from __future__ import annotations

from datetime import datetime

from .._aws.secret_store import CURRENT, SecretDescription
from .._cycle import tags


def is_unfinished(secret: SecretDescription) -> bool:
    """Return True if a rotation was begun and not recorded as done."""
    return secret.tags.get(tags.VERSION) != secret.holder(CURRENT) or secret.pending_apart


def has_past_overlap(secret: SecretDescription, now: datetime) -> bool:
    """Return True if an old password is still there although its overlap is over."""
    # A rollback keeps the date of the rotation before it, and of an unfinished run no date is written yet.
    undated = secret.tags.get(tags.ROLLBACK) == secret.holder(CURRENT) or is_unfinished(secret)
    began = now if undated else tags.last_change(secret.tags) or now
    overlap = tags.overlap_until(secret.tags, began)
    return tags.is_impossible_overlap(secret.tags, began) or (overlap is not None and overlap <= now)
