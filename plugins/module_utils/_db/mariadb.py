# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB: row by row, from hashes, so that plaintext is in no log and other login methods survive.

A plain IDENTIFIED BY would write the password to the binary log and the process list, drop unix_socket and
downgrade ed25519 (measured on 10.11). Several password methods on one row are MariaDB's form of two passwords.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._codes import Code
from .._errors import PolicyRefused, RotationError
from . import hashes
from .connection import Session
from .hashes import StoredPassword
from .methods import HOLDS_ONE, is_password, loaded_plugins, problem_of
from .rows import AccountRow, Change, Method
from .server import MARIADB, Server

_ROWS = "SELECT User, Host, Priv FROM mysql.global_priv WHERE User = %s ORDER BY Host"
_VALIDATORS = "SELECT COUNT(*) FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = %s AND PLUGIN_STATUS = 'ACTIVE'"
_POLICY_WARNING = 1819
_PLAINTEXT_WARNING = (
    "The new password is sent as plain text (allow_plaintext_statement), so the server's logs, process list and binary"
    " log may show it, and the old one ends before AWSCURRENT is the new one."
)


@dataclass(frozen=True)
class _Rule:
    """One authentication rule of a statement, with its bound argument."""

    sql: str
    argument: str | None = None


class MariaDb:
    """MariaDB 10.4 and later."""

    repeatable = True

    def __init__(self, server: Server, *, allow_plaintext: bool) -> None:
        """Remember whether the server may insist on plaintext, and whether the caller allows it then."""
        self._strict = server.on("strict_password_validation")
        self._allow_plaintext = allow_plaintext
        self._rounds = int(server.variables.get("caching_sha2_password_digest_rounds", hashes.DEFAULT_ROUNDS))
        self._loaded: frozenset[str] | None = None
        self.single = False  # becomes true where plain text has to be sent, beside which no hash may stand

    def prepare(self, session: Session) -> list[str]:
        """Find out whether the server insists on plaintext; refuse that, or return the warning of who allowed it."""
        if not (self._strict and session.value(_VALIDATORS, "PASSWORD VALIDATION")):
            return []
        if not self._allow_plaintext:
            raise RotationError(
                "A password validation plugin with strict_password_validation refuses hashes, so the new password"
                " would have to be sent, and logged by the server, as plain text.",
                code=Code.PLAINTEXT_NEEDED,
                next_step="Turn strict_password_validation off for the rotation, or set"
                " {option|allow_plaintext_statement}=true and accept that the server's logs see the password.",
            )
        self.single = True
        return [_PLAINTEXT_WARNING]

    def rows(self, session: Session, user: str) -> list[AccountRow]:
        """List every row of one user name; roles are not accounts."""
        if self._loaded is None:
            self._loaded = loaded_plugins(session)
        accounts = [
            (columns[1], json.loads(columns[2])) for columns in session.query(_ROWS, user) if columns[0] == user
        ]
        rows = [_row(user, host, priv) for host, priv in accounts if not priv.get("is_role")]
        return [replace(row, problem=problem_of(MARIADB, row, self._loaded)) for row in rows]

    def put_first(self, session: Session, changes: Sequence[Change], password: str) -> None:
        """Do nothing: the methods of a row are equal, none is the first."""

    def apply(self, session: Session, changes: Sequence[Change], password: str, *, as_hash: bool = False) -> None:
        """Set the new password row by row: the new hash, and for native passwords the old one beside it.

        A hash is sent in any case, unless the server insists on plain text.
        """
        self._refuse_other_hashes(changes)
        for change in changes:
            _alter(session, change.row, self._with_new(change, password))
            if self.single:
                self._refuse_unless_set(session, change.row, password)

    def discard(self, session: Session, changes: Sequence[Change]) -> None:
        """Take the replaced passwords out of every row."""
        self._refuse_other_hashes(changes)
        for change in changes:
            _alter(session, change.row, [_rule(m) for m in change.row.methods if m.password not in change.replaced])

    def _with_new(self, change: Change, password: str) -> list[_Rule]:
        rules: list[_Rule] = []
        for method in change.row.methods:
            if method.password not in change.replaced:
                rules.append(_rule(method))
            elif self.single:
                rules.append(_Rule(f"{_identifier(method.plugin)} USING PASSWORD(%s)", password))
            else:
                new = hashes.make_hash(method.plugin.lower(), password, self._rounds).decode()
                rules.append(_Rule(f"{_identifier(method.plugin)} USING %s", new))
                if method.plugin.lower() not in HOLDS_ONE:
                    rules.append(_rule(method))
        return list(dict.fromkeys(rules))

    def _refuse_other_hashes(self, changes: Sequence[Change]) -> None:
        """Raise a RotationError where a statement would repeat a hash that strict validation refuses."""
        names = [
            change.row.name
            for change in changes
            if any(method.password and method.password not in change.replaced for method in change.row.methods)
        ]
        if self.single and names:
            raise RotationError(
                f"Another password of {', '.join(names)} would have to be repeated as a hash, and a password validation"
                " plugin with strict_password_validation refuses hashes.",
                code=Code.PLAINTEXT_NOT_ENOUGH,
                next_step="Turn strict_password_validation off for the rotation, then run the same command again.",
            )

    def _refuse_unless_set(self, session: Session, row: AccountRow, password: str) -> None:
        """Raise PolicyRefused where the policy said no, which IF EXISTS turns from an error into a warning."""
        warnings = {number for _level, number, _text in session.query("SHOW WARNINGS")}
        matches = [one for one in self.rows(session, row.user) if one.name == row.name]
        is_set = any(stored.matches(password) for one in matches for stored in one.primary_passwords)
        if not is_set and _POLICY_WARNING in warnings:
            raise PolicyRefused("The server's password policy refused the new password.", code=Code.PASSWORD_POLICY)


def _row(user: str, host: str, priv: dict[str, Any]) -> AccountRow:
    methods = tuple(_method(rule) for rule in _rules(priv))
    lifetime = priv.get("password_lifetime", -1)
    return AccountRow(
        user,
        host,
        methods,
        locked=bool(priv.get("account_locked")),
        holds_one=any(method.password and method.plugin.lower() in HOLDS_ONE for method in methods),
        changed=priv.get("password_last_changed"),
        lifetime=None if lifetime < 0 else lifetime,
    )


def _rules(priv: dict[str, Any]) -> list[dict[str, Any]]:
    # In auth_or the empty object stands for the plugin and string at the top.
    first = {"plugin": priv.get("plugin", ""), "authentication_string": priv.get("authentication_string", "")}
    return [rule or first for rule in priv.get("auth_or", [first])]


def _method(rule: dict[str, Any]) -> Method:
    plugin, string = rule.get("plugin", "") or hashes.NATIVE, rule.get("authentication_string", "")
    has_password = is_password(MARIADB, plugin, string)
    return Method(plugin, string, StoredPassword(plugin.lower(), string.encode()) if has_password else None)


def _rule(method: Method) -> _Rule:
    if not method.string:
        return _Rule(_identifier(method.plugin))
    return _Rule(f"{_identifier(method.plugin)} USING %s", method.string)


def _identifier(plugin: str) -> str:
    if not re.fullmatch(r"\w+", plugin):
        raise RotationError(
            "The account has a login method with a name that cannot be repeated.", code=Code.PLUGIN_NAME
        )
    return plugin


def _alter(session: Session, row: AccountRow, rules: Iterable[_Rule]) -> None:
    sequence = list(rules)
    statement = f"ALTER USER IF EXISTS %s@%s IDENTIFIED VIA {' OR '.join(rule.sql for rule in sequence)}"
    arguments = [rule.argument for rule in sequence if rule.argument is not None]
    session.query(statement, row.user, row.host, *arguments)
