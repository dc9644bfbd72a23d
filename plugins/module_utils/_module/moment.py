# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A moment that somebody writes in an option."""

from __future__ import annotations

from datetime import datetime, tzinfo

from ansible_collections.dbops.rotation.plugins.module_utils._codes import Code
from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError


def moment(named: str, text: str, zone: tzinfo | None = None) -> datetime:
    """Read a day or a moment in ISO 8601. One without a time zone is in ``zone``; where there is none it is refused.

    Raises RotationError, which names the option by ``named`` and not its text.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _unreadable(named, zone) from None
    if found.tzinfo is None and zone is None:
        raise _unreadable(named, zone)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _unreadable(named: str, zone: tzinfo | None) -> RotationError:
    return RotationError(
        f"{named} is no moment in ISO 8601{'' if zone else ' with a time zone'}.",
        code=Code.INVALID_OPTION,
        next_step=f"Write it like {'2026-11-25 or ' if zone else ''}2026-11-25T14:00:00Z.",
    )
