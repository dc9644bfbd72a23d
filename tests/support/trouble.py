# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts and servers in trouble: what is seen of them, and how they are brought into it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from managed import ManagedClient
from world.certificates import Certificate


def account_rows(client: ManagedClient) -> list[Any]:
    """The account's rows as the server stores them, hashes and all."""
    if client.server.flavor == "mariadb":
        return client.sql("SELECT Host, Priv FROM mysql.global_priv WHERE User = %s ORDER BY Host", client.user)
    return client.sql(
        "SELECT Host, plugin, HEX(authentication_string), CAST(User_attributes AS CHAR), account_locked,"
        " password_expired FROM mysql.user WHERE User = %s ORDER BY Host",
        client.user,
    )


def refused_logins(client: ManagedClient) -> int:
    """How often the server has refused this account, by its own log."""
    return client.server.general_log.read_text(errors="replace").count(f"Access denied for user '{client.user}'@")


@contextmanager
def changed_globally(client: ManagedClient, **variables: Any) -> Iterator[None]:
    """Global variables of the shared server with other values for a while."""
    (before,) = client.sql("SELECT " + ", ".join(f"@@GLOBAL.{name}" for name in variables))
    try:
        for name, value in variables.items():
            client.sql(f"SET GLOBAL {name} = %s", value)
        yield
    finally:
        for name, value in reversed([*zip(variables, before, strict=True)]):
            client.sql(f"SET GLOBAL {name} = %s", value)


@contextmanager
def serving(client: ManagedClient, certificate: Certificate) -> Iterator[None]:
    """The shared MySQL server with another certificate for a while."""
    try:
        with changed_globally(client, ssl_cert=str(certificate.certificate), ssl_key=str(certificate.key)):
            client.sql("ALTER INSTANCE RELOAD TLS")
            yield
    finally:
        client.sql("ALTER INSTANCE RELOAD TLS")


def fence_of(client: ManagedClient) -> str:
    return "rot:" + hashlib.sha256(client.user.encode()).hexdigest()[:28]
