# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's own password policy, read from its variables before a password is drawn."""

from __future__ import annotations

from collections.abc import Mapping

from .._password import PasswordRules
from .server import Server

# Of each validator: its variables for length, letters of one case, digits, specials.
_VALIDATORS = {
    "validate_password.": ("length", "mixed_case_count", "number_count", "special_char_count"),
    "validate_password_": ("length", "mixed_case_count", "number_count", "special_char_count"),
    "simple_password_check_": ("minimal_length", "letters_same_case", "digits", "other_characters"),
}


def policy_rules(server: Server, user: str, wishes: PasswordRules) -> PasswordRules:
    """Return the caller's rules, tightened by every validator that is active on the server.

    Raises RotationError (invalid_option) where wishes and policy cannot both be met.
    """
    rules = wishes
    for prefix, names in _VALIDATORS.items():
        values = _values(server.variables, prefix)
        if values:
            length, cases, digits, specials = (int(values.get(name, "0")) for name in names)
            counts = (0, 0, 0, 0) if values.get("policy") in ("LOW", "0") else (cases, cases, digits, specials)
            words = (user, user[::-1]) if values.get("check_user_name", "OFF") == "ON" else ()
            rules = rules.tightened(length, counts, words)
    return rules


def policy_title(server: Server) -> str:
    """Return which policy is active, with its values, for people."""
    active = [
        f"{name}={value}" for name, value in sorted(server.variables.items()) if name.startswith(tuple(_PREFIXES))
    ]
    return ", ".join(active) or "password history"


_PREFIXES = (*_VALIDATORS, "cracklib_password_check", "strict_password_validation")


def _values(variables: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in variables.items() if name.startswith(prefix)}
