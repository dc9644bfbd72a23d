# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A digest of what an account may do, to notice that somebody changed it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from .._codes import Code
from .._errors import RotationError
from .connection import Session
from .rows import AccountRow

# MariaDB repeats the password hashes of the account in its grants.
_IDENTIFIED = re.compile(r" IDENTIFIED (BY|VIA) .*?(?= REQUIRE | WITH |$)")
UNASKABLE = (Code.PRIVILEGE_MISSING, Code.SELECT_DENIED)


def grants_digest(session: Session, rows: Iterable[AccountRow]) -> str | None:
    """Return a digest of the grants of these rows, passwords left out; None where the account may not ask."""
    text = hashlib.sha256()
    try:
        for row in sorted(rows, key=lambda row: row.name):
            for (grant,) in session.query("SHOW GRANTS FOR %s@%s", row.user, row.host):
                text.update(_IDENTIFIED.sub("", str(grant)).encode() + b"\n")
    except RotationError as error:
        if error.code not in UNASKABLE:
            raise
        return None
    return text.hexdigest()[:32]
