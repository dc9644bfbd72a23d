# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON document of a secret: what is read from it, what is kept, and how its faults are told without its text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from refusals import refusal_of

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


WHOLE = json.dumps(DOCUMENT)


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


# Texts that a parser and a writer would not give back as they are; what stands for the password is replaced.
KEPT = {
    "large and long numbers": '{"a": 1e400, "b": 0.1000000000000000000000001, "c": -0, "d": 1E+2, %s}',
    "a number of many digits": '{"a": ' + "9" * 5000 + ", %s}",
    "order and blanks": '\n{ %s ,\t"z" :[ 1,2 ] ,\r\n "a":{ } }\n',
    "characters and their escapes": '{"a": "Grüße \\u00fc \\/ \\ud83d\\ude00 \U0001f600", %s, "ключ": "значение"}',
    "a password within others": '{"nested": {"password": "inner"}, %s, "also": ["password"]}',
    "a truth value": '{"a": true, "b": null, %s}',
}


def text_with(form: str, password: str) -> str:
    """Write the required keys into a form."""
    others = '"engine":"mysql","host":"db.invalid","username":"root"'
    return form % f'{others}, "password" :  {password}'


@pytest.mark.parametrize("form", KEPT.values(), ids=KEPT)
def test_all_but_the_password_is_kept_to_the_byte(form: str) -> None:
    found = parse_secret(text_with(form, '"old \\" \\u0070"'))
    changed = found.with_password('nëw"')
    assert found.password == 'old " p'
    assert changed.dump() == text_with(form, '"nëw\\""') and found.dump() == text_with(form, '"old \\" \\u0070"')
    assert changed.same_other_keys(found) and changed != found
    assert parse_secret(changed.dump()) == changed and changed.password == 'nëw"'
    assert changed.with_password("x").with_password('nëw"') == changed


def test_a_key_may_be_written_in_escapes() -> None:
    text = text_with("{%s}", '"old"').replace('"password"', '"pass\\u0077ord"')
    assert parse_secret(text).with_password("new").dump() == text.replace('"old"', '"new"')


@pytest.mark.parametrize(
    ("one", "other"), [("1e400", "1e401"), ("0.1", "0.10"), ("1", "true"), ("1", "1.0"), ("0", "-0"), ("1", '"1"')]
)
def test_other_keys_are_compared_as_they_are_written(one: str, other: str) -> None:
    def written(number: str) -> SecretValue:
        return parse_secret(WHOLE[:-1] + f', "more": [{number}]}}')

    assert written(one).same_other_keys(written(one)) and not written(one).same_other_keys(written(other))


def test_the_order_of_other_keys_does_not_matter() -> None:
    turned = json.dumps(dict(reversed(DOCUMENT.items())), indent=1)
    assert parse_secret(turned).same_other_keys(parse()) and parse_secret(turned) != parse()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"\ufeff{WHOLE}", "begins with a byte order mark"),
        (f'{WHOLE[:-1]}, "host": "other.invalid"}}', "has the key 'host' twice"),
        (f'{WHOLE[:-1]}, "pass\\u0077ord": "{HIDDEN}"}}', "has the key 'password' twice"),
        (f'{WHOLE[:-1]}, "x": NaN}}', "holds NaN or Infinity"),
        (f'{WHOLE[:-1]}, "x": [-Infinity]}}', "holds NaN or Infinity"),
        (f'{WHOLE[:-1]}, "x": {"[" * 99_999}', "is nested too deeply"),
    ],
)
def test_a_document_that_can_be_read_in_two_ways_is_refused_by_name(text: str, told: str) -> None:
    error = refusal_of(parse_secret, text, "clients/acme")
    assert error.code == "secret_not_json" and f"The secret 'clients/acme' {told}" in error.cause
    assert error.next_step and HIDDEN not in str(error)


@pytest.mark.parametrize("engine", ["mysql", "MySQL", "aurora-mysql", "aurora", "mariadb"])
def test_an_engine_is_kept_as_it_was_found(engine: str) -> None:
    assert json.loads(parse(engine=engine).with_password("new").dump())["engine"] == engine


def test_a_secret_that_grows_too_long_is_refused() -> None:
    room = 65536 - len(json.dumps(DOCUMENT | {"dbname": ""}))
    document = json.dumps(DOCUMENT | {"dbname": "x" * (room - 2) + "ü"}, ensure_ascii=False)
    full = parse_secret(document)
    assert len(full.with_password("x" * len(HIDDEN)).dump().encode()) == 65536
    error = refusal_of(full.with_password, "x" * (len(HIDDEN) + 1))
    assert error.code == "secret_too_long" and "65536 bytes" in str(error)


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
        pytest.param('"a string"', "secret_not_json", id="a string"),
        pytest.param("7", "secret_not_json", id="a number"),
        pytest.param(" ", "secret_not_json", id="blank"),
        pytest.param("[" * 100_000, "secret_not_json", id="deeply nested"),
        pytest.param(f"{WHOLE[:-1]}}} x", "secret_not_json", id="something behind it"),
        pytest.param(f"{WHOLE[:-1]}, }}", "secret_not_json", id="a comma too much"),
    ],
)
def test_what_is_no_document_is_refused(text: str | None, code: str) -> None:
    error = refusal_of(parse_secret, text, "clients/acme")
    assert error.code == code
    assert "clients/acme" in str(error) and HIDDEN not in str(error)


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"engine": ...}, "secret_incomplete", "'engine'"),
        ({"host": ""}, "secret_incomplete", "'host'"),
        ({"username": "  "}, "secret_incomplete", "'username'"),
        ({"password": 1234567}, "secret_password", "has a password that is a number and no text"),
        ({"password": 1.5e99}, "secret_password", "has a password that is a number and no text"),
        ({"password": True}, "secret_password", "has a password that is a truth value"),
        ({"password": [HIDDEN]}, "secret_password", "has a password that is a list or a dictionary"),
        (
            {"password": f"{HIDDEN}\n"},
            "secret_password",
            "The password in the secret 'clients/acme' begins or ends with a",
        ),
        ({"password": f"\r{HIDDEN}"}, "secret_password", "begins or ends with a line end"),
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
        ({"port": -1}, "secret_incomplete", "port"),
        ({"port": ""}, "secret_incomplete", "port"),
        ({"port": [3306]}, "secret_incomplete", "port"),
    ],
)
def test_a_document_with_a_fault_is_refused(changes: dict[str, Any], code: str, named: str) -> None:
    error = refusal_of(parse, **changes)
    assert error.code == code
    assert named in error.cause
    assert error.next_step
    assert HIDDEN not in str(error)


def test_a_document_without_a_name_is_told_too() -> None:
    with pytest.raises(RotationError, match=r"^The secret is not a JSON object\."):
        parse_secret(None)
