# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on one client, by AWS and the server themselves: P1, P2 and P3 of the design."""

from __future__ import annotations

from dataclasses import dataclass

import pymysql
from managed import HOST

from .cases import LOCKOUT, UNSETTLED, WINDOW, Case
from .rows import Rows, holds, opens, rows_of

# The server takes 127.0.0.1 for localhost and knows no name for 127.0.0.2, so each address opens another row.
SOURCES = {"localhost": "127.0.0.1", "%": "127.0.0.2"}
WRONG_PASSWORD = (1045, 1698)


@dataclass(frozen=True)
class Sight:
    """The labelled versions, the tags and the rows of a client at one moment."""

    labels: dict[str, frozenset[str]]
    passwords: dict[str, str]
    tags: dict[str, str]
    rows: Rows

    @classmethod
    def of(cls, case: Case) -> Sight:
        """Look."""
        labels, tags = case.described()
        return cls(labels, {version: case.password_of(version) for version in labels}, tags, rows_of(case.client))

    def opening(self, password: str) -> set[str]:
        """The rows that a password opens."""
        return {host for host, row in self.rows.items() if opens(row, password)}

    @property
    def current(self) -> str:
        """The version under AWSCURRENT."""
        return next((version for version, labels in self.labels.items() if "AWSCURRENT" in labels), "")

    @property
    def password(self) -> str:
        """The password under AWSCURRENT."""
        return self.passwords.get(self.current, "")

    @property
    def with_others(self) -> list[str]:
        """The rows that have another password than AWSCURRENT's, or one beside it."""
        rows = self.rows.items()
        return [host for host, row in rows if not row or not all(holds(each, self.password) for each in row)]

    @property
    def recorded(self) -> bool:
        """Whether the tags say that everything is done for AWSCURRENT."""
        return self.tags.get("rotation/version") == self.current

    def __str__(self) -> str:
        told = [
            f"{'+'.join(sorted(labels))} opens {sorted(self.opening(self.passwords[version]))}"
            for version, labels in self.labels.items()
        ]
        return "; ".join(told) + f" of {sorted(self.rows)}"


def judge_moment(case: Case) -> Sight:
    """P1 and P2, at any moment: by the stored hashes, and by logins over verified TLS."""
    sight = Sight.of(case)
    every = set(sight.rows)
    current = accepted(case, sight, sight.password)
    if case.server.holds_two and current != every and not case.human_broke:
        case.found(WINDOW, f"AWSCURRENT does not open {sorted(every - current)}: {sight}")
    if current != every and not case.human_locked_out and not _opens_otherwise(case, sight):
        case.found(LOCKOUT, f"no labelled version opens every row: {sight}")
    _judge_region(case, sight)
    return sight


def _judge_region(case: Case, sight: Sight) -> None:
    """P2 where programs read in a replica region: what it gives out opens every row, unless a person broke that."""
    if case.region is None or (case.fault and case.fault.breaks):
        return
    given_out = case.region.version
    refusing = set(sight.rows) - accepted(case, sight, case.password_of(given_out))
    if refusing:
        case.found(WINDOW, f"a replica region gives out {given_out}, which {sorted(refusing)} refuse: {sight}")


def _opens_otherwise(case: Case, sight: Sight) -> bool:
    """Whether another label's version opens every row, or where rows hold one password, the labels together do."""
    opened = [accepted(case, sight, password) for password in sight.passwords.values()]
    if case.server.holds_two:
        return set(sight.rows) in opened
    return set().union(*opened) == set(sight.rows)


def accepted(case: Case, sight: Sight, password: str) -> set[str]:
    """The rows that a password opens. A login is tried only where the hashes promise that it is not refused."""
    return {host for host in sight.opening(password) if host not in SOURCES or logs_in(case, host, password)}


def judge_settled(case: Case) -> None:
    """P3: AWSCURRENT's password alone is on every row, the tags say so, and another run finds nothing to do."""
    sight = Sight.of(case)
    if sight.with_others or not sight.rows:
        case.found(UNSETTLED, f"not AWSCURRENT's password alone on {sight.with_others}: {sight}")
        return
    refusing = set(sight.rows) - accepted(case, sight, sight.password)
    if refusing:
        case.found(UNSETTLED, f"AWSCURRENT is refused by {sorted(refusing)}")
    _judge_region(case, sight)
    if not sight.recorded:
        case.found(UNSETTLED, f"rotation/version is {sight.tags.get('rotation/version')}, AWSCURRENT {sight.current}")
    if case.keys_added and not case.added_key.items() <= case.client.stored().items():
        case.found(UNSETTLED, "the key that a person added is lost")
    _judge_quiet(case, sight)


def _judge_quiet(case: Case, before: Sight) -> None:
    """Another run changes nothing."""
    result = case.client.run(trigger="recovery")
    quiet = result.get("action") == "nothing" and not result.get("changed")
    if not quiet or Sight.of(case) != before:
        case.found(UNSETTLED, f"a further run was not quiet: {result.get('action')}: {result['msg']}")


def logs_in(case: Case, row: str, password: str) -> bool:
    """Log in past the proxies, from the address that opens this row."""
    try:
        pymysql.connect(
            host=HOST,
            port=case.client.server.port,
            user=case.client.user,
            password=password.encode(),
            bind_address=SOURCES[row],
            ssl_ca=str(case.client.ca_file),
            ssl_verify_identity=True,
        ).close()
    except pymysql.err.OperationalError as error:
        if error.args[0] in WRONG_PASSWORD:
            return False
        raise
    return True
