# SPDX-License-Identifier: GPL-3.0-or-later
"""New passwords: what they are made of, which rules cannot be met, and which ones could be ours."""

from __future__ import annotations

import string

import pytest
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._password import (
    CLASSES,
    LENGTHS,
    SPECIALS,
    PasswordRules,
    could_have_generated,
    generate,
)

DRAWS = 50
ALLOWED = set(string.ascii_letters + string.digits + SPECIALS)
OURS = "Aa1-Aa1-Aa1-Aa1-Aa1-Aa1-Aa1-Aa11"


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(PasswordRules(), id="default"),
        pytest.param(PasswordRules(LENGTHS.start), id="shortest"),
        pytest.param(PasswordRules(LENGTHS.stop - 1), id="longest"),
        pytest.param(PasswordRules(exclude="-_."), id="no specials"),
        pytest.param(PasswordRules(exclude="0O1lI"), id="no look-alikes"),
        pytest.param(PasswordRules(minimum=(5, 5, 5, 5)), id="much of every class"),
        pytest.param(PasswordRules(16, forbidden_words=("a", "")), id="a forbidden letter"),
    ],
)
def test_a_drawn_password_keeps_its_rules(rules: PasswordRules) -> None:
    for password in (generate(rules) for _draw in range(DRAWS)):
        assert len(password) == rules.length
        assert set(password) <= ALLOWED - set(rules.exclude)
        assert password[0].isalpha() and password[-1].isalnum()
        for chars, least in zip(CLASSES, rules.minimum, strict=True):
            possible = set(chars) - set(rules.exclude)
            assert sum(char in possible for char in password) >= (least if possible else 0)
        assert not any(word in password.lower() for word in rules.forbidden_words if word)


def test_passwords_differ() -> None:
    assert len({generate(PasswordRules()) for _draw in range(DRAWS)}) == DRAWS


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(PasswordRules(15), id="too short"),
        pytest.param(PasswordRules(129), id="too long"),
        pytest.param(PasswordRules(exclude=string.digits), id="no digits"),
        pytest.param(PasswordRules(exclude=string.ascii_lowercase), id="no lower case"),
        pytest.param(PasswordRules(exclude=string.ascii_letters[:24] + string.ascii_uppercase[2:]), id="too few"),
    ],
)
def test_rules_that_cannot_be_met_are_refused(rules: PasswordRules) -> None:
    error = refusal_of(generate, rules)
    assert error.code == "invalid_option"
    assert "password_length" in error.next_step


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        pytest.param(OURS, True, id="ours"),
        pytest.param("", False, id="empty"),
        pytest.param(OURS[:-1], False, id="shorter"),
        pytest.param(OURS + "1", False, id="longer"),
        pytest.param("1" + OURS[1:], False, id="digit first"),
        pytest.param(OURS[:-1] + "-", False, id="special last"),
        pytest.param("A" + OURS[1:].replace("-", "!"), False, id="other specials"),
        pytest.param(OURS.replace("-", "a"), False, id="a class is missing"),
        pytest.param(OURS.replace("a", "ä"), False, id="not ASCII"),
    ],
)
def test_which_passwords_could_be_ours(password: str, expected: bool) -> None:
    assert could_have_generated(password, PasswordRules()) is expected


def test_a_forbidden_word_is_found_in_any_case() -> None:
    assert not could_have_generated(OURS, PasswordRules(forbidden_words=("aA1",)))


def test_a_policy_only_ever_tightens() -> None:
    wishes = PasswordRules(20, exclude="O", minimum=(2, 2, 2, 2))
    tightened = wishes.tightened(24, (1, 3, 0, 1), ("root",))
    assert tightened == PasswordRules(24, "O", (2, 3, 2, 2), ("root",))


def test_a_policy_of_many_counts_makes_room_for_them() -> None:
    rules = PasswordRules(16).tightened(8, (6, 6, 6, 6), ())
    assert rules.length >= 24
    assert could_have_generated(generate(rules), rules)


def test_a_policy_that_wants_specials_contradicts_their_exclusion() -> None:
    assert refusal_of(PasswordRules(exclude=SPECIALS).tightened, 8, (0, 0, 0, 1), ()).code == "invalid_option"
