# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A moment that somebody writes in an option."""

from __future__ import annotations

from datetime import datetime, tzinfo

from .._codes import Code
from .._errors import RotationError


def moment(option_name: str, text: str, zone: tzinfo | None = None) -> datetime:
    """Read a day or a moment in ISO 8601. One without a time zone is in ``zone``; where there is none it is refused.

    Raises RotationError, which names the option by ``option_name`` and not its text.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise _unreadable(option_name, zone) from None
    if time.tzinfo is None and zone is None:
        raise _unreadable(option_name, zone)
    return time if time.tzinfo else time.replace(tzinfo=zone)


def _unreadable(option_name: str, zone: tzinfo | None) -> RotationError:
    return RotationError(
        f"{option_name} is no moment in ISO 8601{'' if zone else ' with a time zone'}.",
        code=Code.INVALID_OPTION,
        next_step=f"Write it like {'2026-11-25 or ' if zone else ''}2026-11-25T14:00:00Z.",
    )
