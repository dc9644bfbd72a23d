# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that may not be used, or may not do what a rotation needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from rehearsal.acme import Acme


def expired(acme: Acme) -> None:
    acme.on_rows("PASSWORD EXPIRE")


def expired_by_its_lifetime(acme: Acme) -> None:
    acme.on_rows("PASSWORD EXPIRE INTERVAL 1 DAY")
    acme.sql("UPDATE mysql.user SET password_last_changed = NOW() - INTERVAL 2 DAY WHERE user = %s", acme.user)
    acme.sql("FLUSH PRIVILEGES")


def hash_is_read(acme: Acme) -> None:
    """Take the hash out of the statement that shows it."""
    statement = acme.follow("SHOW CREATE USER 'root'@'%';").printed
    acme.places["0x..."] = statement.partition(" AS ")[2].split()[0]


def locked(acme: Acme) -> None:
    acme.on_rows("ACCOUNT LOCK")


def one_connection_only(acme: Acme) -> None:
    acme.on_rows("WITH MAX_USER_CONNECTIONS 1")


def locked_out(acme: Acme) -> None:
    acme.on_rows("FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME UNBOUNDED")
    with suppress(AssertionError):  # the last one is refused with another error
        for _attempt in range(3):
            acme.opens("wrong")


def locked_out_by_the_server(acme: Acme) -> Iterator[None]:
    (before,) = acme.sql("SELECT @@GLOBAL.max_password_errors")[0]
    acme.sql("SET GLOBAL max_password_errors = 1")
    with suppress(AssertionError):
        for _attempt in range(3):
            acme.opens("wrong")
    yield
    acme.sql("SET GLOBAL max_password_errors = %s", before)


def granted_only(acme: Acme, *grants: str) -> None:
    for host in acme.hosts:
        acme.sql("REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s@%s", acme.user, host)
        for grant in grants:
            acme.sql(f"GRANT {grant} TO %s@%s", acme.user, host)


def may_not_change(acme: Acme) -> None:
    granted_only(acme, "SELECT ON *.*")


def may_not_read(acme: Acme) -> None:
    granted_only(acme, "CREATE USER, SYSTEM_USER ON *.*")


def with_an_empty_row(acme: Acme) -> None:
    acme.sql("CREATE USER 'root'@'10.%' IDENTIFIED BY ''")


def anonymous(acme: Acme) -> Iterator[None]:
    acme.server.create_account("", ["localhost"], acme.stored()["password"])
    yield
    acme.server.drop_account("")


def with_a_second_password(acme: Acme) -> None:
    password = acme.stored()["password"]
    for host in acme.hosts:
        acme.sql("ALTER USER %s@%s IDENTIFIED BY %s", acme.user, host, "Somebody-else-1")
        acme.sql("ALTER USER %s@%s IDENTIFIED BY %s RETAIN CURRENT PASSWORD", acme.user, host, password)


def expires_too_soon(acme: Acme) -> None:
    acme.on_rows("PASSWORD EXPIRE INTERVAL 30 DAY")


def rotated_sooner(acme: Acme) -> None:
    acme.set(rotation_cycle_days=20)


def with_other_grants(acme: Acme) -> None:
    acme.sql("REVOKE SHUTDOWN ON *.* FROM %s@%s", acme.user, acme.hosts[0])
