# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons, which people write in one line."""

from __future__ import annotations

from ._codes import Code
from ._errors import RotationError

REASON_LENGTH = 200


def refuse_invalid_reason(reason: str) -> None:
    """Raise a RotationError where the reason of a rotation is more than one line, or a long one; it may be empty."""
    if not _is_one_line(reason):
        raise RotationError(
            f"The reason must be one line of at most {REASON_LENGTH} characters.",
            code=Code.INVALID_OPTION,
            next_step=f"Shorten {{option|reason}} to one line of at most {REASON_LENGTH} characters.",
        )


def refuse_unfit_reason(reason: str, option: str) -> None:
    """Raise a RotationError where a reason is empty, longer than one line may be, or not one line."""
    if not reason.strip() or not _is_one_line(reason):
        raise RotationError(
            f"{option} must be one line of at most {REASON_LENGTH} characters.",
            code=Code.INVALID_OPTION,
            next_step="Write the reason in one short line.",
        )


def _is_one_line(reason: str) -> bool:
    return len(reason) <= REASON_LENGTH and reason.isprintable()
