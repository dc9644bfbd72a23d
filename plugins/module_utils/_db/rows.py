# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Account rows: every user@host of one user name, as both kinds of server show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from .hashes import StoredPassword
from .server import Server


@dataclass(frozen=True)
class Method:
    """One way to authenticate as an account: a password, or something else such as a socket."""

    plugin: str
    string: str = field(default="", repr=False)
    password: StoredPassword | None = None


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be handled, as the end of a sentence about it, and what mends it."""

    text: str
    remedy: str


@dataclass(frozen=True)
class AccountRow:
    """One account row.

    MySQL has one method a row and may have a retained older password; MariaDB has any number of equal methods.
    ``holds_one``: the row cannot keep an old password beside a new one. ``problem`` says why the row cannot
    be handled. ``changed`` is the Unix time of the last change of the password, ``lifetime`` the days after which the
    server itself expires it: 0 never, None as the whole server does.
    """

    user: str
    host: str
    methods: tuple[Method, ...]
    retained: StoredPassword | None = None
    locked: bool = False
    holds_one: bool = False
    problem: Problem | None = None
    changed: int | None = None
    lifetime: int | None = None

    @property
    def name(self) -> str:
        """Return the account as people write it, without quotes."""
        return f"{self.user}@{self.host}"

    @property
    def primary_passwords(self) -> tuple[StoredPassword, ...]:
        """Return the passwords of the row's methods, without a retained one."""
        return tuple(method.password for method in self.methods if method.password)

    @property
    def passwords(self) -> tuple[StoredPassword, ...]:
        """Return every password that opens the account."""
        return (*self.primary_passwords, self.retained) if self.retained else self.primary_passwords

    def expires(self, server: Server) -> datetime | None:
        """Return the moment at which the server itself expires the password; None where it does not."""
        default = int(server.variables.get("default_password_lifetime", "0"))
        days = default if self.lifetime is None else self.lifetime
        return datetime.fromtimestamp(self.changed, UTC) + timedelta(days=days) if days and self.changed else None

    @property
    def plugins(self) -> str:
        """Return the names of the plugins, for people."""
        return " or ".join(method.plugin or "no plugin" for method in self.methods)


@dataclass(frozen=True)
class Change:
    """One row to change, and which of its passwords the change replaces or ends."""

    row: AccountRow
    replaced: tuple[StoredPassword, ...]
