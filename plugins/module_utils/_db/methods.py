# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to log in that servers know, by what a rotation can make of them.

A method is a password that we can compute, set and prove; or it is known to hold no password of the server; whatever
is neither may hold one that would survive every rotation, so its row is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from .._libraries import nacl_bindings
from .connection import Session
from .hashes import CACHING_SHA2, ED25519, NATIVE, SHA256
from .rows import AccountRow, Method, Problem
from .server import MARIADB, MYSQL, quoted

PASSWORDS = {
    MYSQL: frozenset({CACHING_SHA2, SHA256, NATIVE}),
    MARIADB: frozenset({NATIVE, ED25519, CACHING_SHA2}),
}
# Here the operating system, a directory or a token says who somebody is, or nobody may log in at all.
PASSWORDLESS = {
    MYSQL: frozenset(
        {
            *("auth_socket", "authentication_windows", "mysql_no_login", "awsauthenticationplugin"),
            *("authentication_pam", "auth_pam", "auth_pam_compat"),
            *("authentication_ldap_simple", "authentication_ldap_sasl", "authentication_kerberos"),
            *("authentication_fido", "authentication_webauthn", "authentication_oci", "authentication_openid_connect"),
        }
    ),
    MARIADB: frozenset({"unix_socket", "named_pipe", "gssapi", "pam", "awsauthenticationplugin"}),
}
# MariaDB: PyMySQL takes no second one of them on a row, nor another method behind them (measured on 11.8).
HOLDS_ONE = frozenset({ED25519, CACHING_SHA2})
# How a password that works everywhere is written on each server, without a value.
SET_PASSWORD = {
    MYSQL: "IDENTIFIED WITH caching_sha2_password BY '...'",
    MARIADB: "IDENTIFIED VIA mysql_native_password USING PASSWORD('...')",
}

_LOADED = "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = %s AND PLUGIN_STATUS = %s"
# MariaDB looks at the length and the digits only (measured): "X" and lower-case digits log in as well.
_NATIVE = re.compile(r".[0-9A-Fa-f]{40}", re.DOTALL)
_NATIVE_LENGTH = 41


def loaded_plugins(session: Session) -> frozenset[str]:
    """Ask the server which methods it has at hand; no privilege is needed for that."""
    return frozenset(str(name).lower() for (name,) in session.query(_LOADED, "AUTHENTICATION", "ACTIVE"))


def is_password(flavor: str, plugin: str, stored: str) -> bool:
    """Return True if a method holds a password that a rotation can compute, set and prove."""
    if flavor == MARIADB and plugin.lower() == NATIVE:
        return bool(_NATIVE.fullmatch(stored))
    return plugin.lower() in PASSWORDS[flavor] and bool(stored)


def problem_of(flavor: str, row: AccountRow, loaded: Collection[str]) -> Problem | None:
    """Return why a rotation cannot handle a row, with the command that mends it; None where it can."""
    command = f"ALTER USER {quoted(row.user, row.host)} {SET_PASSWORD[flavor]}"
    if any(_is_empty(method) for method in row.methods):
        return Problem("has an empty password", f"Give it one: {command}")
    unknown = [method.plugin or "no plugin" for method in row.methods if not _is_known(flavor, method)]
    if unknown:
        return Problem(
            f"may be opened with a password of a kind that a rotation cannot change ({' or '.join(unknown)})",
            f"Give it one that a rotation can change, or drop the row: {command}",
        )
    missing = [method.plugin for method in row.methods if method.plugin.lower() not in loaded]
    if missing and row.passwords:
        return Problem(
            f"uses {' or '.join(missing)}, which the server does not have or has not loaded, so its password cannot be"
            " changed",
            f"As another administrator load that plugin, or change the row or drop it: {command}",
        )
    if nacl_bindings is None and any(password.plugin == ED25519 for password in row.primary_passwords):
        return Problem(
            "uses the ed25519 plugin, for which the Python library PyNaCl is needed here",
            "Install PyNaCl for the Python that runs this task",
        )
    return None


def _is_empty(method: Method) -> bool:
    """Return True if a method lets in whoever sends no password; ed25519 without a string lets in nobody (measured)."""
    kinds = (NATIVE, CACHING_SHA2, SHA256)
    return method.plugin.lower() in kinds and not (method.string or method.password)


def _is_known(flavor: str, method: Method) -> bool:
    plugin = method.plugin.lower()
    if flavor == MARIADB and plugin == NATIVE and not method.password:
        # Nobody is let in by such a string; one of 16 digits is of the format before, and may be.
        return method.string == "invalid" or len(method.string) == _NATIVE_LENGTH
    return plugin in PASSWORDS[flavor] or plugin in PASSWORDLESS[flavor]
