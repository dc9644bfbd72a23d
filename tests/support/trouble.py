# SPDX-License-Identifier: GPL-3.0-or-later
"""What every refusal owes: a text a person can act on, the old password still good, and nothing given away."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from by_hand import passwords
from managed import ManagedClient
from world.certificates import Certificate

UNCHANGED = "Nothing was changed, neither the secret nor the database."
STORED = "The server was not changed; a new password is stored as AWSPENDING"
# Parts of statements that only the engine sends; advice to people names others.
OURS = re.compile(
    r"IDENTIFIED (?!(WITH|VIA) \w+ (BY |USING PASSWORD\()'\.\.\.')"
    r"|RETAIN CURRENT|GET_LOCK\(|SHOW GLOBAL|SET NAMES|SET SESSION|FROM mysql\."
)
INTERNALS = re.compile(r"Traceback|File \"|pymysql|OperationalError|_db/|ssl\.c")


def assert_refused(
    client: ManagedClient,
    *says: str,
    code: str,
    step: str,
    next_step: str,
    state: str = UNCHANGED,
    opens: bool = True,
    **options: Any,
) -> dict[str, Any]:
    """Rotate, which has to fail with these words, leave all as it was and tell no value; give the failure.

    `opens` is False where the account cannot be used, so that only its rows prove that it is as it was.
    """
    stages, rows = client.stages(), account_rows(client)
    error = client.refused(**options)
    assert (error["code"], error["step"]) == (code, step), error["msg"]
    assert error["msg"].startswith(f"{client.name}: stopped at step '{step}': "), error["msg"]
    for words in says:
        assert words in error["cause"], error["msg"]
    assert error["state"].startswith(state), error["msg"]
    assert next_step in error["next_step"], error["msg"]
    assert error["msg"].endswith(f"State: {error['state']} Next: {error['next_step']}")
    assert_silent(client, error)
    if state == UNCHANGED:
        assert client.stages() == stages
    assert client.stages()["AWSCURRENT"] == stages["AWSCURRENT"]
    assert account_rows(client) == rows
    assert not opens or client.opens(client.stored()["password"])
    return error


def assert_silent(client: ManagedClient, result: dict[str, Any]) -> None:
    """No password of the secret, no statement of ours and no traceback is in a result."""
    text = json.dumps(result)
    for password in passwords(client):
        assert password not in text
    assert not OURS.search(text), text
    assert not INTERNALS.search(text), text


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
