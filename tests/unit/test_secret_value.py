# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON document of a secret: what is read from it, what is kept, and how its faults are told without its text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.dbops.rotation.plugins.module_utils._errors import RotationError
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import SecretValue, parse_secret

HIDDEN = "Hidden-Value-1234"
DOCUMENT: dict[str, Any] = {
    "engine": "mysql",
    "host": "db.invalid",
    "port": 3307,
    "username": "root",
    "password": HIDDEN,
    "dbname": "shop",
    "replicas": [{"host": "other.invalid"}],
}


def parse(**changes: Any) -> SecretValue:
    merged = {key: value for key, value in (DOCUMENT | changes).items() if value is not ...}
    return parse_secret(json.dumps(merged), "clients/acme")


def test_a_login_is_read() -> None:
    login = parse().login
    assert (login.host, login.port, login.user, login.password) == ("db.invalid", 3307, "root", HIDDEN)


@pytest.mark.parametrize(("port", "expected"), [(..., 3306), ("3308", 3308), (1, 1), (65535, 65535)])
def test_a_port_may_be_text_or_missing(port: Any, expected: int) -> None:
    assert parse(port=port).login.port == expected


def test_a_new_password_keeps_every_other_key() -> None:
    changed = parse().with_password("new")
    assert json.loads(changed.dump()) == DOCUMENT | {"password": "new"}
    assert changed.same_other_keys(parse())


@pytest.mark.parametrize("changes", [{"host": "x"}, {"dbname": ...}, {"note": "added"}, {"port": "3307"}])
def test_another_key_that_differs_is_seen(changes: dict[str, Any]) -> None:
    assert not parse(**changes).same_other_keys(parse())


def test_the_same_login_with_another_password() -> None:
    login = parse().login.with_password("new")
    assert (login.host, login.port, login.user, login.password) == ("db.invalid", 3307, "root", "new")


@pytest.mark.parametrize("shown", [parse(), parse().login])
def test_no_value_is_in_a_repr(shown: object) -> None:
    assert HIDDEN not in repr(shown) + str(shown)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(None, "secret_not_json", id="binary"),
        pytest.param("", "secret_not_json", id="empty"),
        pytest.param(HIDDEN, "secret_not_json", id="the bare password"),
        pytest.param(f'{{"password": "{HIDDEN}"', "secret_not_json", id="cut off"),
        pytest.param(f'["{HIDDEN}"]', "secret_not_json", id="a list"),
        pytest.param("null", "secret_not_json", id="null"),
        pytest.param("[" * 100_000, "secret_not_json", id="deeply nested"),
    ],
)
def test_what_is_no_document_is_refused(text: str | None, code: str) -> None:
    with pytest.raises(RotationError) as caught:
        parse_secret(text, "clients/acme")
    assert caught.value.code == code
    assert "clients/acme" in str(caught.value) and HIDDEN not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"engine": ...}, "secret_incomplete", "'engine'"),
        ({"host": ""}, "secret_incomplete", "'host'"),
        ({"username": "  "}, "secret_incomplete", "'username'"),
        ({"password": 1234567}, "secret_incomplete", "'password'"),
        ({"host": ..., "password": None}, "secret_incomplete", "'host' and 'password'"),
        ({"engine": ..., "host": ..., "username": ...}, "secret_incomplete", "'engine', 'host' and 'username'"),
        ({"engine": "postgres"}, "secret_engine", "'postgres'"),
        ({"engine": "x" * 99}, "secret_engine", "'" + "x" * 40 + "'"),
        ({"port": 0}, "secret_incomplete", "port"),
        ({"port": 65536}, "secret_incomplete", "port"),
        ({"port": "3306 "}, "secret_incomplete", "port"),
        ({"port": "³"}, "secret_incomplete", "port"),
        ({"port": "9" * 5000}, "secret_incomplete", "port"),
        ({"port": True}, "secret_incomplete", "port"),
        ({"port": 3306.0}, "secret_incomplete", "port"),
        ({"port": None}, "secret_incomplete", "port"),
    ],
)
def test_a_document_with_a_fault_is_refused(changes: dict[str, Any], code: str, named: str) -> None:
    with pytest.raises(RotationError) as caught:
        parse(**changes)
    assert caught.value.code == code
    assert named in caught.value.cause
    assert caught.value.next_step
    assert HIDDEN not in str(caught.value)


def test_a_document_without_a_name_is_told_too() -> None:
    with pytest.raises(RotationError, match=r"^The secret is not a JSON object\."):
        parse_secret(None)
