# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The libraries the engine stands on, imported in one place so that a missing or old one is one clear sentence."""

from __future__ import annotations

import re

from ._codes import Code
from ._errors import RotationError

MISSING_LIBRARY: str | None = None

try:
    import botocore.config
    import botocore.exceptions
    import botocore.session
    import cryptography  # PyMySQL needs it for caching_sha2_password without TLS
    import pymysql
    import pymysql.connections
    import pymysql.err
except ImportError as error:
    MISSING_LIBRARY = error.name or "botocore"
    botocore = cryptography = pymysql = None  # type: ignore[assignment]

__all__ = ["FLOORS", "botocore", "cryptography", "nacl_bindings", "pymysql", "require_libraries"]

try:
    from nacl import bindings as nacl_bindings
except ImportError:
    nacl_bindings = None

# The oldest versions that are good enough, by the names that a person installs them under. PyMySQL 1.1 goes on in
# plain text where a server offers no TLS (measured with 1.1.1).
FLOORS = {"PyMySQL": "1.2.0", "botocore": "1.34.0", "cryptography": "42"}


def require_libraries() -> None:
    """Raise a RotationError that names the library which this Python lacks, or has in too old a version."""
    if MISSING_LIBRARY:
        raise RotationError(
            f"The Python library {MISSING_LIBRARY!r} is not installed for the Python that runs this task.",
            code=Code.MISSING_LIBRARY,
            next_step="Install boto3, PyMySQL and cryptography there (requirements.txt of the collection).",
        )
    for name, version in _versions().items():
        if _numbers(version) < _numbers(FLOORS[name]):
            raise _too_old(name, version)


def _versions() -> dict[str, str]:
    """Return what is imported, which may be another version than what a package manager installed last."""
    return {
        "PyMySQL": pymysql.VERSION_STRING,  # its __version__ is that of mysqlclient, which it imitates
        "botocore": botocore.__version__,
        "cryptography": cryptography.__version__,
    }


def _numbers(version: str) -> tuple[int, ...]:
    """Return the release of a version as numbers; what follows it (rc1, .post1) does not count."""
    release = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in release[0].split(".")] if release else []
    return tuple([*numbers, 0, 0, 0][:3])


def _too_old(name: str, version: str) -> RotationError:
    return RotationError(
        f"The Python library {name} is too old for the Python that runs this task: {version} was found,"
        f" {FLOORS[name]} or later is needed.",
        code=Code.OLD_LIBRARY,
        next_step=f"Upgrade it there: python -m pip install '{name}>={FLOORS[name]}' (requirements.txt of the"
        " collection names them all).",
    )
