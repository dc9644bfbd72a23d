# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person is told when a rotation fails, and what must never be in it."""

from __future__ import annotations

import json
import re
from typing import Any

from by_hand import description, passwords
from managed import ManagedClient

UNTOUCHED = "Nothing was changed, neither the secret nor the database."
# Statements, templates of statements and tracebacks; advice may name a statement such as ALTER USER.
INTERNALS = re.compile(r"Traceback|\.py\b|IDENTIFIED|RETAIN|DISCARD|GET_LOCK|RELEASE_LOCK|%s|'@'|words-of-aws")


def refusal(client: ManagedClient, *, step: str, cause: str, next_step: str, **options: Any) -> dict[str, Any]:
    """Rotate, which has to fail with this text, with nothing changed and the old password as valid as before."""
    before = world_of(client)
    told = failure(client, step=step, cause=cause, state=UNTOUCHED, next_step=next_step, **options)
    assert world_of(client) == before
    return told


def failure(
    client: ManagedClient, *, step: str, cause: str, state: str, next_step: str, **options: Any
) -> dict[str, Any]:
    """Rotate, which has to fail with this text; `cause`, `state` and `next_step` may be the beginning of theirs."""
    result: dict[str, Any] = client.run(**options)
    assert result.get("failed") is True and result["changed"] is False, result["msg"]
    told: dict[str, Any] = result["error"]
    where = f"{client.name}: stopped at step '{step}': "
    assert result["msg"] == f"{where}{told['cause']} State: {told['state']} Next: {told['next_step']}"
    for part, expected in (("cause", cause), ("state", state), ("next_step", next_step)):
        assert told[part].startswith(expected), told[part]
        assert told[part]
    assert_silent(client, result)
    return told


def without_inventory(text: str) -> str:
    """Return advice without the -i of the run, whose path differs from test to test."""
    return re.sub(r" -i \S+", "", text)


def assert_silent(client: ManagedClient, result: dict[str, Any]) -> None:
    """Check that no password, no statement and no traceback is anywhere in a result."""
    text = json.dumps(result)
    assert not [password for password in passwords(client) if password in text]
    assert not INTERNALS.search(text), INTERNALS.search(text)


def world_of(client: ManagedClient) -> dict[str, Any]:
    """Everything that a refused rotation has to leave as it was; the old password is tried at the server."""
    table = "mysql.user" if client.server.flavor == "mysql" else "mysql.global_priv"
    rows = client.sql(f"SELECT * FROM {table} WHERE User = %s ORDER BY Host", client.user)
    assert client.opens(client.password) is bool(rows)
    secret = description(client)
    # That a login was refused is remembered; it changes nothing else.
    secret["Tags"] = [tag for tag in secret.get("Tags", []) if tag["Key"] != "rotation/refused"]
    return {"secret": secret, "rows": rows}
