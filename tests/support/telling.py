# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person is told when a rotation fails, and what must never be in it."""

from __future__ import annotations

import json
import re
from typing import Any

from by_hand import description, passwords
from managed import ManagedClient

UNCHANGED = "Nothing was changed, neither the secret nor the database."
STORED = "The server was not changed; a new password is stored as AWSPENDING"
# Parts of statements that only the engine sends; advice to people names others. And what libraries say.
INTERNALS = re.compile(
    r"IDENTIFIED (?!(WITH|VIA) \w+ (BY |USING PASSWORD\()'\.\.\.')|RETAIN CURRENT|(?<!\.\.\. )DISCARD|SHOW GLOBAL"
    r"|SET NAMES|SET SESSION|FROM mysql\.|(GET|RELEASE)_LOCK\(|%s@%s|[(=] ?%s"
    r"|Traceback|File \"|\.py\b|pymysql|OperationalError|_db/|ssl\.c|words-of-aws"
)


def assert_refused(
    client: ManagedClient, *says: str, state: str = UNCHANGED, opens: bool = True, **expected: Any
) -> dict[str, Any]:
    """Rotate, which has to fail as in `failure`, with nothing changed but what the state says.

    `opens` is False where the account cannot be used, so that only its rows prove that it is as it was.
    """
    before = world_of(client, state)
    told = failure(client, *says, state=state, **expected)
    assert world_of(client, state) == before
    if opens and before["rows"]:
        assert client.opens(client.password) or client.opens(client.stored()["password"])
    return told


def failure(
    client: ManagedClient, *says: str, step: str, state: str, next_step: str, code: str = "", **options: Any
) -> dict[str, Any]:
    """Rotate, which has to fail with these words in its cause, state and next step, and to tell no value."""
    result: dict[str, Any] = client.run(**options)
    assert result.get("failed") is True and result["changed"] is False, result["msg"]
    told: dict[str, Any] = result["error"]
    assert (told["step"], told["code"]) == (step, code or told["code"]), result["msg"]
    where = f"{client.name}: stopped at step '{step}': "
    assert result["msg"] == f"{where}{told['cause']} State: {told['state']} Next: {told['next_step']}"
    assert told["state"].startswith(state) and next_step in told["next_step"], result["msg"]
    assert all(words in told["cause"] for words in says), result["msg"]
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


def world_of(client: ManagedClient, state: str) -> dict[str, Any]:
    """Everything that a refused rotation has to leave as it was, or AWSCURRENT where a new version is stored."""
    table = "mysql.user" if client.server.flavor == "mysql" else "mysql.global_priv"
    rows = client.sql(f"SELECT * FROM {table} WHERE User = %s ORDER BY Host", client.user)
    if state != UNCHANGED:
        return {"current": client.stages()["AWSCURRENT"], "rows": rows}
    secret = description(client)
    # That a login was refused is remembered; it changes nothing else.
    secret["Tags"] = [tag for tag in secret.get("Tags", []) if tag["Key"] != "rotation/refused"]
    return {"secret": secret, "rows": rows}
