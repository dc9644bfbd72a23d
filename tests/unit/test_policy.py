# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's password policy, from its variables to the rules of a new password."""

from __future__ import annotations

import pytest
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._db.policy import policy_rules, policy_title
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import MARIADB, MYSQL, Server
from ansible_collections.dbops.rotation.plugins.module_utils._password import PasswordRules, generate

COMPONENT = {
    "validate_password.policy": "MEDIUM",
    "validate_password.length": "40",
    "validate_password.mixed_case_count": "3",
    "validate_password.number_count": "1",
    "validate_password.special_char_count": "4",
    "validate_password.check_user_name": "ON",
}
PLUGIN = {name.replace(".", "_"): value for name, value in COMPONENT.items()}
SIMPLE = {
    "simple_password_check_minimal_length": "36",
    "simple_password_check_letters_same_case": "4",
    "simple_password_check_digits": "5",
    "simple_password_check_other_characters": "6",
}
WISHES = PasswordRules()


def server(variables: dict[str, str], flavor: str = MYSQL) -> Server:
    return Server(flavor, (9, 7, 4), "s1", variables, "root@%", replicates=False)


def test_without_a_policy_the_wishes_stand() -> None:
    assert policy_rules(server({"version": "9.7.4"}), "root", WISHES) == WISHES


@pytest.mark.parametrize("variables", [COMPONENT, PLUGIN], ids=["component", "plugin"])
def test_mysqls_validator_is_followed(variables: dict[str, str]) -> None:
    rules = policy_rules(server(variables), "admin", WISHES)
    assert rules == PasswordRules(40, "", (3, 3, 2, 4), ("admin", "nimda"))


def test_mariadbs_validator_is_followed() -> None:
    assert policy_rules(server(SIMPLE, MARIADB), "root", WISHES) == PasswordRules(36, "", (4, 4, 5, 6))


@pytest.mark.parametrize("policy", ["LOW", "0"])
def test_a_low_policy_asks_for_length_and_name_only(policy: str) -> None:
    low = COMPONENT | {"validate_password.policy": policy}
    assert policy_rules(server(low), "admin", WISHES) == PasswordRules(40, "", (2, 2, 2, 2), ("admin", "nimda"))


def test_two_validators_are_both_followed_in_either_order() -> None:
    strict_name = PLUGIN | {"validate_password_check_user_name": "OFF"}
    rules = policy_rules(server(COMPONENT | strict_name | SIMPLE), "admin", WISHES)
    assert rules == PasswordRules(40, "", (4, 4, 5, 6), ("admin", "nimda"))


def test_a_password_by_the_rules_is_free_of_the_user_name() -> None:
    rules = policy_rules(server(COMPONENT), "a", WISHES)
    assert "a" not in generate(rules).lower()


def test_a_policy_against_the_wishes_is_refused_before_a_draw() -> None:
    assert refusal_of(policy_rules, server(COMPONENT), "root", PasswordRules(exclude="-_.")).code == "invalid_option"


def test_the_policy_is_told_with_its_values() -> None:
    assert policy_title(server({"cracklib_password_check_dictionary": "/x", "version": "1"} | SIMPLE)).startswith(
        "cracklib_password_check_dictionary=/x, simple_password_check_digits=5"
    )
    assert policy_title(server({"version": "1"})) == "password history"
