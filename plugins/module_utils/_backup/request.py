# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller asks of a restore."""

from __future__ import annotations

from dataclasses import dataclass

from .._aws.secret_store import CURRENT
from .._context.request import RotationRequest
from .._stamp import stamp
from .document import Entry


@dataclass(frozen=True)
class RestoreRequest:
    """One client's secret to make anew.

    ``version`` names the version of the backup to prove. ``replace``: where a secret exists, try the backup's password
    in place of its own and, if the server has it, store it there.
    """

    rotation: RotationRequest
    entry: Entry
    version: str = CURRENT
    replace: bool = False
    kms_key_id: str | None = None

    @property
    def saved_at(self) -> str:
        """Return when the backup was made."""
        return stamp(self.entry.saved_at)
