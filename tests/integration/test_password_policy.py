# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers with a password policy: satisfied at the first draw, or refused with the policy's name."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from administration import loaded
from by_hand import passwords
from managed import ManagedClient, secrets_manager
from telling import STORED, assert_refused, assert_silent
from trouble import changed_globally
from world.databases import native_hash

from ansible_collections.dbops.rotation.plugins.module_utils._password import PasswordRules, generate

COMPONENT = "'file://component_validate_password'"
# With these excluded 13 letters in both cases and 6 digits are left, whose words of four fit into one dictionary.
LETTERS, DIGITS = "abcdefghijklm", "012345"
ALLOWED = (
    "Set rotation_password_length to a number from 16 to 128, and exclude fewer characters in"
    " rotation_password_exclude_characters: 32 have to be left, some of them lower case, upper case and digits."
)
EXCLUDED = "nopqrstuvwxyzNOPQRSTUVWXYZ6789-_."


@pytest.fixture
def validated(mysql_client: ManagedClient) -> Iterator[ManagedClient]:
    """A client on MySQL while it validates passwords."""
    with loaded(mysql_client.server, f"COMPONENT {COMPONENT}"):
        yield mysql_client


@pytest.fixture
def checked(mariadb_client: ManagedClient) -> Iterator[ManagedClient]:
    """A client on MariaDB while it validates passwords, strictly as by default."""
    with loaded(mariadb_client.server, "SONAME 'simple_password_check'"):
        yield mariadb_client


def policy(**variables: object) -> dict[str, object]:
    return {f"validate_password.{name}": value for name, value in variables.items()}


@pytest.mark.parametrize(
    "variables",
    [
        policy(policy="LOW", length=40),
        policy(policy="MEDIUM", length=40, special_char_count=5, check_user_name=1),
        policy(policy="STRONG", mixed_case_count=6, number_count=9),
    ],
    ids=["low", "medium", "strong"],
)
def test_the_first_draw_satisfies_the_policy(validated: ManagedClient, variables: dict[str, Any]) -> None:
    with changed_globally(validated, **variables):
        validated.rotate()
    new = validated.stored()["password"]
    assert len(new) >= variables.get("validate_password.length", 32)
    assert len({*passwords(validated)}) == 2
    assert validated.opens(new) and not validated.opens(validated.password)


def test_a_policy_that_asks_for_more_than_we_make(validated: ManagedClient) -> None:
    with changed_globally(validated, **policy(length=200)):
        assert_refused(
            validated,
            "A password length from 16 to 128 is needed, not 200.",
            code="invalid_option",
            step="persist",
            next_step=ALLOWED,
        )


def test_a_policy_against_the_options(validated: ManagedClient) -> None:
    assert_refused(
        validated,
        "The server's policy asks for special characters, but all of - _ . are excluded.",
        code="invalid_option",
        step="persist",
        next_step=ALLOWED,
        password_exclude_characters="-_.",
    )


def test_a_dictionary_that_refuses_everything(validated: ManagedClient, tmp_path: Path) -> None:
    dictionary = tmp_path / "words"
    words = ("".join(letters) for letters in itertools.product(LETTERS + DIGITS, repeat=4))
    dictionary.write_text("\n".join(words) + "\n")
    strong = policy(policy="STRONG", special_char_count=0, dictionary_file=str(dictionary))
    with changed_globally(validated, **strong):
        assert_refused(
            validated,
            "The server's password policy refused 3 new passwords (",
            "validate_password.policy=STRONG",
            f"validate_password.dictionary_file={dictionary}",
            code="password_policy",
            step="apply",
            next_step="Choose rotation_password_length and rotation_password_exclude_characters that satisfy that"
            " policy; then run the same command again.",
            state=STORED,
            password_exclude_characters=EXCLUDED,
        )
        assert len({*passwords(validated)}) >= 2  # moto keeps the versions without a label, too
    validated.rotate()
    assert validated.opens(validated.stored()["password"])


def test_a_password_that_the_history_knows_is_replaced(mysql_client: ManagedClient) -> None:
    client = mysql_client
    old = generate(PasswordRules())
    for host in client.hosts:
        client.sql("ALTER USER %s@%s PASSWORD HISTORY 5", client.user, host)
        client.sql("ALTER USER %s@%s IDENTIFIED BY %s", client.user, host, old)
        client.sql("ALTER USER %s@%s IDENTIFIED BY %s", client.user, host, client.password)
    secrets_manager(client.aws).put_secret_value(
        SecretId=client.secret_id,
        ClientRequestToken=str(uuid.uuid4()),
        SecretString=json.dumps(client.document(password=old)),
        VersionStages=["AWSPENDING"],
    )
    result = client.rotate()
    assert result["action"] == "resume"
    assert client.stored()["password"] not in (old, client.password)
    assert client.opens(client.stored()["password"])


def test_strict_validation_on_mariadb(checked: ManagedClient) -> None:
    assert_refused(
        checked,
        "A password validation plugin with strict_password_validation refuses hashes, so the new password would have"
        " to be sent, and logged by the server, as plain text.",
        code="plaintext_needed",
        step="open",
        next_step="set rotation_allow_plaintext_statement=true and accept that the server's logs see the password.",
    )
    assert checked.run(check=True)["error"]["code"] == "plaintext_needed"


def test_plain_text_where_it_is_allowed(checked: ManagedClient) -> None:
    with changed_globally(checked, simple_password_check_digits=7, simple_password_check_minimal_length=40):
        result = checked.rotate(allow_plaintext_statement=True)
    assert ["sent as plain text (allow_plaintext_statement)" in warning for warning in result["warnings"]] == [True]
    new = checked.stored()["password"]
    assert len(new) == 40 and sum(char.isdigit() for char in new) >= 7
    assert len({*passwords(checked)}) == 2
    assert checked.opens(new) and not checked.opens(checked.password)
    assert_silent(checked, result)


def test_a_policy_that_plain_text_does_not_satisfy(checked: ManagedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules are read from the server, so only a validator that we do not know refuses what we make."""
    from ansible_collections.dbops.rotation.plugins.module_utils._steps import persist

    monkeypatch.setattr(persist, "policy_rules", lambda _server, _user, wishes: wishes)
    with changed_globally(checked, simple_password_check_minimal_length=64):
        assert_refused(
            checked,
            "The server's password policy refused 3 new passwords (simple_password_check_digits=1,",
            code="password_policy",
            step="apply",
            next_step="Choose rotation_password_length",
            state=STORED,
            allow_plaintext_statement=True,
        )


def test_another_password_that_strict_validation_would_end(mariadb_client: ManagedClient) -> None:
    client = mariadb_client
    both = "mysql_native_password USING %s OR mysql_native_password USING %s"
    hashed = native_hash(client.password), native_hash("of-another-team")
    client.sql(f"ALTER USER %s@%s IDENTIFIED VIA {both}", client.user, "localhost", *hashed)
    with loaded(client.server, "SONAME 'simple_password_check'"):
        assert_refused(
            client,
            f"A second password that no version of the secret knows is valid on {client.user}@localhost",
            code="foreign_secondary",
            step="decide",
            next_step="let the rotation end it",
            allow_plaintext_statement=True,
        )
    assert client.opens("of-another-team") and client.opens(client.password)
