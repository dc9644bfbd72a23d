# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The libraries the engine stands on, imported in one place so that a missing one is one clear sentence."""

from __future__ import annotations

from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError

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
    botocore = pymysql = None  # type: ignore[assignment]

__all__ = ["botocore", "cryptography", "nacl_bindings", "pymysql", "require_libraries"]

try:
    from nacl import bindings as nacl_bindings
except ImportError:
    nacl_bindings = None


def require_libraries() -> None:
    """Raise a RotationError that names the library which this Python lacks."""
    if MISSING_LIBRARY:
        raise RotationError(
            f"The Python library {MISSING_LIBRARY!r} is not installed for the Python that runs this task.",
            code="missing_library",
            next_step="Install boto3, PyMySQL and cryptography there (requirements.txt of the collection).",
        )
